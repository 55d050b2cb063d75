# SPDX-License-Identifier: Apache-2.0
"""A reader of the Prometheus text format and of OpenMetrics.

Strict where a scraper is strict (one TYPE per family, values that parse, no duplicate series), so
that a malformed page fails the test that happens to read it.
"""

import re

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
_ESCAPE = re.compile(r'\\(["\\n])')


class FormatError(Exception):
    """The page is not what its format allows."""


def _labels(text, line):
    labels = {}
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if not match or match.group(1) in labels:
            raise FormatError(f"bad labels: {line}")
        value = _ESCAPE.sub(lambda m: "\n" if m.group(1) == "n" else m.group(1), match.group(2))
        labels[match.group(1)] = value
        at = match.end()
    return labels


def _labels_end(line, start):
    """Index of the brace that closes the labels; braces and quotes may occur in values."""
    quoted = False
    at = start
    while at < len(line):
        if line[at] == "\\" and quoted:
            at += 1
        elif line[at] == '"':
            quoted = not quoted
        elif line[at] == "}" and not quoted:
            return at
        at += 1
    raise FormatError(f"unterminated labels: {line}")


class Page:
    """All samples of one scrape."""

    def __init__(self, text):
        self.text = text
        self.types = {}
        self.helps = {}
        self.samples = {}  # (name, frozenset of label pairs) -> value
        self.exemplars = {}  # the same key -> (labels, value, timestamp)
        self.ended = False
        for line in text.split("\n"):
            if self.ended and line:
                raise FormatError(f"after # EOF: {line}")
            if line:
                self._line(line)

    def _line(self, line):
        if line.startswith("#"):
            self._comment(line)
            return
        match = _NAME.match(line)
        if not match:
            raise FormatError(f"no name: {line}")
        name, rest, labels = match.group(0), line[match.end():], {}
        if rest.startswith("{"):
            end = _labels_end(rest, 1)
            labels, rest = _labels(rest[1:end], line), rest[end + 1:]
        exemplar = None
        if " # {" in rest:
            rest, exemplar = rest.split(" # {", 1)
        fields = rest.split()
        if len(fields) not in (1, 2):
            raise FormatError(f"no value: {line}")
        key = (name, frozenset(labels.items()))
        if key in self.samples:
            raise FormatError(f"duplicate series: {line}")
        self.samples[key] = float(fields[0])
        if exemplar:
            self.exemplars[key] = self._exemplar(name, exemplar, line)

    @staticmethod
    def _exemplar(name, text, line):
        """OpenMetrics allows them behind counters and buckets, with labels of 128 characters in all."""
        end = _labels_end(text, 0)
        labels, fields = _labels(text[:end], line), text[end + 1:].split()
        if not name.endswith(("_total", "_bucket")) or len(fields) not in (1, 2):
            raise FormatError(f"bad exemplar: {line}")
        if sum(len(label) + len(value) for label, value in labels.items()) > 128:
            raise FormatError(f"exemplar with too many characters: {line}")
        return labels, float(fields[0]), float(fields[1]) if len(fields) == 2 else None

    def _comment(self, line):
        if line == "# EOF":
            self.ended = True
            return
        fields = line.split(" ", 3)
        if len(fields) < 3 or fields[1] not in ("TYPE", "HELP", "UNIT"):
            raise FormatError(f"bad comment: {line}")
        table = {"TYPE": self.types, "HELP": self.helps}.get(fields[1])
        if table is None:
            return
        if fields[2] in table:
            raise FormatError(f"second {fields[1]}: {line}")
        table[fields[2]] = fields[3] if len(fields) > 3 else ""

    def all(self, name, **labels):
        """[(labels, value)] of the series called `name` that have at least these labels."""
        wanted = set(labels.items())
        return [(dict(pairs), value) for (n, pairs), value in self.samples.items()
                if n == name and wanted <= pairs]

    def sum(self, name, **labels):
        """Sum over the matching series, 0 if there is none."""
        return sum(value for _, value in self.all(name, **labels))

    def one(self, name, **labels):
        """Value of the one matching series; None if there is none, an error if there are more."""
        found = self.all(name, **labels)
        if len(found) > 1:
            raise FormatError(f"{name} {labels}: {len(found)} series instead of one")
        return found[0][1] if found else None

    def has(self, name, **labels):
        return bool(self.all(name, **labels))


def growth(before, after, name, **labels):
    """By how much a counter grew between two pages."""
    return after.sum(name, **labels) - before.sum(name, **labels)
