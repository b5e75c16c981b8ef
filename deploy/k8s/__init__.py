"""Kubernetes manifests: `kubectl apply -k deploy/k8s`."""
