"""Tags a text with nothing but grpc and TensorFlow Serving's own stubs: host:port, model name, text."""

import sys

import grpc
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

target, model, text = sys.argv[1:]
request = predict_pb2.PredictRequest()
request.model_spec.name = model
request.model_spec.signature_name = "decode_text"
request.inputs["text"].dtype = 7  # DT_STRING
request.inputs["text"].tensor_shape.dim.add().size = 1
request.inputs["text"].string_val.append(text.encode())

with grpc.insecure_channel(target) as channel:
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    outputs = stub.Predict(request, timeout=10).outputs
for token, tag in zip(outputs["tokens"].string_val, outputs["tags"].string_val, strict=True):
    print(token.decode(), tag.decode(), sep="\t")
