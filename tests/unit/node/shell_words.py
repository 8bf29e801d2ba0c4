"""Which commands a shell script runs: a walk over its text that knows quotes and `case`."""

from __future__ import annotations

import re

_OPENING = {"if", "then", "else", "elif", "do", "while", "until", "!", "{"}
_CLOSING = {"fi", "done", "esac", "}"}
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


def commands(script: str) -> set[str]:
    """The words in command position, without the shell's keywords."""
    walk = _Walk(script)
    walk.walk(0, "")
    return walk.found


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = f"{text}\n"
        self.found: set[str] = set()

    def walk(self, at: int, end: str) -> int:
        """Commands until the character ``end``; the place behind it."""
        text, word, expects, skips = self.text, "", True, False
        # The cases that are open here: True while their patterns are read.
        cases: list[bool] = []
        while at < len(text):
            char = text[at]
            if char in " \t\n;&|()<>" or (char == "#" and not word):
                if word:
                    expects, skips = self._word(word, cases, expects=expects, skips=skips)
                    word = ""
                if char == "#":
                    at = text.find("\n", at)
                    continue
                if char == ")" and cases and cases[-1]:
                    cases[-1], expects = False, True
                elif char == ")" and end == ")":
                    return at + 1
                elif text.startswith(";;", at):
                    cases[-1] = True
                    at += 1
                elif char in "<>":
                    skips = True
                    at += len(re.match(r"[<>&]+", text[at:])[0]) - 1  # type: ignore[index]
                elif char in "\n;&|(":
                    expects = True
                at += 1
            else:
                piece, at = self._piece(at)
                word += piece
        return at

    def _word(
        self, word: str, cases: list[bool], *, expects: bool, skips: bool
    ) -> tuple[bool, bool]:
        """Whether a command is expected next, and whether the next word is a file's name."""
        if skips or word.isdigit():
            return expects, False
        if cases and cases[-1] and word != "esac":
            return False, False
        if word == "case":
            cases.append(True)
        elif word == "esac":
            cases.pop()
        elif not expects:
            return word == "do", False
        elif word in _OPENING or _ASSIGNMENT.match(word):
            return True, False
        elif word not in _CLOSING and word != "for":
            self.found.add(word)
        return False, False

    def _piece(self, at: int) -> tuple[str, int]:
        text = self.text
        if text[at] == "\\":
            return ("" if text[at + 1] == "\n" else "Q"), at + 2
        if text[at] == "'":
            return "Q", text.index("'", at + 1) + 1
        if text[at] == '"':
            return "Q", self._quoted(at + 1)
        if text[at] == "$":
            return "V", self._expansion(at)
        return text[at], at + 1

    def _quoted(self, at: int) -> int:
        while self.text[at] != '"':
            if self.text[at] == "\\":
                at += 2
            elif self.text[at] == "$":
                at = self._expansion(at)
            else:
                at += 1
        return at + 1

    def _expansion(self, at: int) -> int:
        text = self.text
        if text.startswith("$((", at):
            return text.index("))", at) + 2
        if text.startswith("$(", at):
            return self.walk(at + 2, ")")
        if text.startswith("${", at):
            return text.index("}", at) + 1
        return at + 1
