"""The platform profiles (W5), with one constraint of `platforms.schema.json` broken."""

import json

from mutate import FOLDER
from schema_reports import instance, negatives

NAME = "platforms.schema.json"
FILE = "platforms.json"
VALUE = json.loads((FOLDER / FILE).read_text())
CASES = [instance("w5-platforms-is-file", "W5", "the file as it is", NAME, FILE, valid=True)]
CASES += negatives("platforms", NAME, FILE, VALUE, near=2)
