"""The steps of a transaction in the words of a person who is far away from the machine.

The node's program names them by (phase, operation); each new step needs its words here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TAKING_BACK = "taking back"

# (phase, operation) -> (step, sentence); {} stands for the step's subject.
OPERATIONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("prepare", "expect"): ("check", "has anything else changed {} meanwhile?"),
    ("prepare", "adopt"): ("check", "noting how {} was before"),
    ("prepare", "dir"): ("check", "making the folder {}"),
    ("prepare", "data"): ("check", "noting that {} is going to be made"),
    ("prepare", "file"): ("check", "getting {} ready"),
    ("prepare", "link"): ("check", "getting the link {} ready"),
    ("prepare", "remove"): ("check", "getting ready to remove {}"),
    ("prepare", "containerd-config"): ("check", "does containerd accept its new configuration?"),
    ("prepare", "snapshot"): ("check", "saving etcd before the upgrade"),
    ("switch", "file"): ("switch", "putting {} in place"),
    ("switch", "link"): ("switch", "putting the link {} in place"),
    ("switch", "remove"): ("switch", "removing {}"),
    ("switch", "rmdir"): ("switch", "the folder {} goes at the end"),
    ("switch", "rmdata"): ("switch", "{} goes at the end"),
    ("switch", "reload"): ("switch", "systemd reads its unit files again"),
    ("switch", "enable"): ("switch", "starting {} at every boot from now on"),
    ("switch", "disable"): ("switch", "no longer starting {} at boot"),
    ("switch", "rotate-token"): ("switch", "the cluster takes the token of {}"),
    ("switch", "restart"): ("switch", "restarting {}"),
    ("switch", "end-orphans"): ("switch", "ending what containerd has forgotten"),
    ("switch", "stop"): ("switch", "stopping {}"),
    ("switch", "empty"): ("switch", "ending the containers of {}"),
    ("switch", "leave"): ("switch", "ending the pods that {} leaves behind"),
    ("switch", "import-images"): ("switch", "importing the images of {}"),
    ("switch", "await-node"): ("canary", "waiting until node {} is Ready"),
    ("switch", "release"): ("switch", "giving {} back as it was before Shimyard"),
    ("switch", "canary"): ("canary", "running a container by handler {}"),
    ("switch", "keep-canary"): ("canary", "handler {} keeps its last result"),
    ("finish", "current"): ("commit", "the new generation of {} is the current one"),
    ("finish", "originals"): ("commit", "clearing away what {} has replaced"),
    ("finish", "made"): ("commit", "noting what came into being with {}"),
    ("finish", "result"): ("commit", "clearing away old generations"),
    ("restore", "canaries"): (TAKING_BACK, "ending the canaries of {}"),
    ("restore", "paths"): (TAKING_BACK, "putting the former files of {} back"),
    ("restore", "services"): (TAKING_BACK, "starting the former services of {} again"),
    ("restore", "folders"): (TAKING_BACK, "removing the folders that {} has made"),
}

# Phases of one step: the program's next words are the resource and the generation's number.
WHOLE: Mapping[str, tuple[str, str]] = {
    "begin": ("check", "generation {1} of {0} begins"),
    "commit": ("commit", "generation {1} of {0} works"),
}

# Refused before the first step: the word that the program gives for what is in the way.
REFUSALS: Mapping[str, str] = {
    "pending": "taking note of the change",
    "recovery": "installing the recovery at boot",
    "generation": "making the generation's folder",
}
# Why a canary runs once more: the word that the program gives for what happened to it.
_MISHAPS: Mapping[str, str] = {
    "race": "its shim lost a race of its start",
    "words": "it ended well, but what it printed is not there",
}
_FAILURES: Mapping[str, str] = {
    "": "switch (starting the change)",
    "begin": "check (beginning the generation)",
    "commit": "commit (writing the journal)",
    "finish": "commit (making the new generation the current one)",
}


def in_words(step: Sequence[str]) -> tuple[str, str]:
    """(step, sentence) of a step's words in the journal: phase, operation, subject."""
    phase, operation, subject = (*step, "", "", "")[:3]
    if phase in WHOLE:
        name, sentence = WHOLE[phase]
        return name, sentence.format(operation, subject)
    known = OPERATIONS.get((phase, operation))
    if known is not None:
        return known[0], known[1].format(subject)
    # A node may run a newer program than ours: its own words are better than none.
    return phase, f"{operation} {subject}".strip()


def failed_in_words(phase: str = "", operation: str = "", subject: str = "") -> str:
    """What a person reads as the step of an error; without words: nothing has begun."""
    if phase == "begin" and operation in REFUSALS:
        return f"check ({REFUSALS[operation]})"
    if phase in _FAILURES:
        return _FAILURES[phase]
    name, sentence = in_words((phase, operation, subject))
    return f"{name} ({sentence})" if sentence else name


def event_in_words(line: str) -> tuple[str, str] | None:
    """(step, sentence) of a line of the journal that a person wants to see, or None."""
    kind, *words = line.split("\t")
    if kind == "step" and len(words) > 2:
        # The first word is the time.
        return in_words(words[1:])
    if kind == "restoring":
        return TAKING_BACK, "the node goes back to what it was"
    if kind == "canary" and len(words) > 2:
        return "canary", f"handler {words[0]} works: {words[2]} ms"
    if kind == "again" and len(words) > 1:
        return "canary", f"handler {words[0]} once more: {_MISHAPS.get(words[1], words[1])}"
    if kind == "ended" and len(words) > 1:
        return "switch", f"ended the container {words[1]} of {words[0]}"
    return None
