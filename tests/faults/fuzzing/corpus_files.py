"""A small valid file of every form that docs/formats.md lists."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

CONLL = (
    "# domain = news\nAnn\tB-PER\nsings\tO\n\n-DOCSTART- O\n\nin\tO\nRome\tB-LOC\n\nBob\tB-PER\nDoe\tI-PER\n"
)
CONLLU = (
    "# sent_id = 1\n# text = Ann sings\n1\tAnn\t_\tPROPN\tNNP\tNumber=Sing\t2\tnsubj\t_\tNER=B-PER\n"
    "2-3\tsings\t_\t_\t_\t_\t_\t_\t_\t_\n2\tsings\t_\tVERB\t_\t_\t0\troot\t_\t_\n\n"
)
CONLLU_PLUS = "# global.columns = ID FORM PARSEME:NE\n1\tAnn\tB-PER\n2\tsings\tO\n\n1\tRome\tB-LOC\n"
WEBANNO = """\
#FORMAT=WebAnno TSV 3.3
#T_SP=webanno.custom.NamedEntity|identifier|value


#Text=Ann met Bob Doe
1-1\t0-3\tAnn\t_\tPER
1-2\t4-7\tmet\t_\t_
1-3\t8-11\tBob\t_[1]\tPER[1]
1-4\t12-15\tDoe\t_[1]\tPER[1]
"""
CSV = 'Sentence #,Word,POS,Tag\nSentence: 1,Ann,NNP,B-PER\n,"sings ""so""",VB,O\nSentence: 2,Rome,NNP,B-LOC\n'
BRAT = (
    "T1\tPER 0 3\tAnn\nT2\tLOC 14 18;19 23\tRome city\nR1\tin Arg1:T1 Arg2:T2\nE1\tBorn:T1\n#1\tNote T1\tso\n"
)
BRAT_TEXT = "Ann sings.\nIn Rome city it rains.\n"

OWN: list[Any] = [
    {"tokens": ["Ann", "sings"], "tags": ["B-PER", "O"], "domain": "news"},
    {"text": "Ann lives in Rome", "spans": [[0, 3, "PER"], {"start": 13, "end": 17, "label": "LOC"}]},
]
DOCCANO: list[Any] = [
    {"id": 1, "text": "Ann sings", "label": [[0, 3, "PER"]]},
    {
        "text": "Ann sings",
        "entities": [{"start_offset": 0, "end_offset": 3, "label": "PER"}],
        "relations": [],
    },
]
LABEL_STUDIO: list[Any] = [
    {
        "data": {"text": "Ann sings"},
        "annotations": [
            {
                "was_cancelled": False,
                "ground_truth": True,
                "result": [
                    {
                        "type": "labels",
                        "from_name": "label",
                        "to_name": "text",
                        "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]},
                    }
                ],
            }
        ],
    },
    {"text": "Rome", "label": [{"start": 0, "end": 4, "text": "Rome", "labels": ["LOC"]}]},
]
PRODIGY: list[Any] = [
    {
        "text": "Ann sings",
        "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}, {"text": "sings", "start": 4, "end": 9}],
        "spans": [{"start": 0, "end": 3, "label": "PER", "token_start": 0, "token_end": 0}],
        "answer": "accept",
    },
    {"text": "Rome", "spans": [], "answer": "reject"},
]
SPACY: list[Any] = [["Ann sings", {"entities": [[0, 3, "PER"]]}], ["in Rome", {"entities": [[3, 7, "LOC"]]}]]
SPACY_DOCUMENTS: list[Any] = [
    {
        "id": 1,
        "paragraphs": [
            {
                "raw": "Ann sings",
                "sentences": [
                    {
                        "tokens": [
                            {"id": 0, "orth": "Ann", "tag": "NNP", "ner": "U-PER"},
                            {"id": 1, "orth": "sings", "tag": "VBZ", "ner": "O"},
                        ],
                        "brackets": [],
                    }
                ],
            }
        ],
    }
]
HUGGING_FACE: list[Any] = [
    {"id": "0", "tokens": ["Ann", "sings"], "pos_tags": ["NNP", "VBZ"], "ner_tags": ["B-PER", "O"]},
    {"id": "1", "tokens": ["Rome"], "ner_tags": [0]},
]


def _lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


JSON: dict[str, list[Any]] = {
    "own": OWN,
    "doccano": DOCCANO,
    "label_studio": LABEL_STUDIO,
    "prodigy": PRODIGY,
    "spacy": SPACY,
    "spacy_documents": SPACY_DOCUMENTS,
    "hugging_face": HUGGING_FACE,
}
# By form, the files that belong together; the first is the one that is attacked.
FORMS: dict[str, dict[str, str]] = {
    "conll": {"train.conll": CONLL},
    "conll_packed": {"train.conll.gz": CONLL},
    "conll_spaces": {"train.txt": CONLL.replace("\t", "  ")},
    "conllu": {"train.conllu": CONLLU},
    "conllu_plus": {"train.conllup": CONLLU_PLUS},
    "webanno": {"train.tsv": WEBANNO},
    "csv": {"train.csv": CSV},
    "brat_annotations": {"train.ann": BRAT, "train.txt": BRAT_TEXT},
    "brat_text": {"train.txt": BRAT_TEXT, "train.ann": BRAT},
    "parallel_tokens": {"seq.in": "Ann sings\nin Rome\n", "seq.out": "B-PER O\nO B-LOC\n", "label": "a\nb\n"},
    "parallel_tags": {"seq.out": "B-PER O\nO B-LOC\n", "seq.in": "Ann sings\nin Rome\n"},
    **{f"{name}_lines": {"train.jsonl": _lines(rows)} for name, rows in JSON.items()},
    **{f"{name}_array": {"train.json": json.dumps(rows, indent=1)} for name, rows in JSON.items()},
}


def write(folder: Path, form: str, attacked: bytes) -> Path:
    """Write the files of a form with the attacked one in place of its own; return the one that is read."""
    files = {name: text.encode() for name, text in FORMS[form].items()}
    files[next(iter(files))] = attacked
    for name, content in files.items():
        (folder / name).write_bytes(content)
    read = next((name for name in files if name.endswith((".ann", ".in"))), next(iter(files)))
    return folder / read


def content(form: str) -> bytes:
    """Return the bytes of the file that is attacked."""
    name, text = next(iter(FORMS[form].items()))
    return gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
