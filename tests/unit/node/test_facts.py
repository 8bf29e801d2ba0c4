"""What the facts script prints is understood, and what was cut off is not taken for facts."""

from __future__ import annotations

import pytest

from shimyard.node.facts import Facts, Guest, Seen
from shimyard.node.facts.services import Service

TEXT = "\n".join(
    "\t".join(line.split("|"))
    for line in """\
arch|x86_64
machine|0123
boot|b-1
clock|1700000000
os|debian 13
cgroup|v1
tool|curl
tool|tar
space|/var/lib|1024|77|writable
space|/usr/local|-|-|read-only
resource|container-runtime|7
have|container-runtime|store|aa
have|container-runtime|file|/etc/a b|0644|root|root|dd
have|container-runtime|link|/usr/local/bin/x|/store/x
have|container-runtime|dir|/etc/cni
have|container-runtime|unit|x.service
canary|container-runtime|runc|passed|120|1700000001
seen|/etc/a b|regular file|644|root|wheel|0|10
seen|/etc/cni|directory|755|root|root|0|0
seen|/gone|absent
digest|dd|/etc/a b
target|/usr/local/bin/x|/store/x
store|aa|broken|containerd ctr
store|bb|sound
stored|aa
stored|bb
unit|x.service|loaded|active|enabled
guest|lost|shim|996|wasmtime|default|greeter
guest|lost|shim|1018|wasmtime|default|greeter
guest|lost|guest|1020|wasmtime|default|greeter
guest|lost|shim|1300|wasmer|k8s.io|pod-1
guest|lost|shim|990|wasmer|k8s.io|pod-1
guest|held|shim|31|wasmedge|default|known
made|dir|/etc/cni
made|data|/var/lib/x
pending|generations/8
running|shimyard-transaction.service
end
""".splitlines()
)


def test_every_kind_of_fact_is_read() -> None:
    facts = Facts.parse(TEXT)
    assert (facts.system.arch, facts.system.os, facts.system.clock) == (
        "amd64",
        "debian 13",
        1700000000,
    )
    assert facts.system.tools == {"curl", "tar"}
    assert facts.system.space["/var/lib"].available == 1024
    assert facts.system.space["/var/lib"].writable
    assert facts.system.space["/usr/local"].available is None
    assert not facts.system.space["/usr/local"].writable
    assert facts.generations.current == {"container-runtime": 7}
    assert facts.generations.canaries["runc"].milliseconds == 120
    assert facts.generations.pending
    assert facts.generations.running
    assert facts.managed.manifests["container-runtime"][1] == (
        "file", "/etc/a b", "0644", "root", "root", "dd"
    )  # fmt: skip
    assert facts.managed.seen["/etc/a b"] == Seen(
        "file", "0644", frozenset({"root", "0"}), frozenset({"wheel", "10"}), "dd"
    )
    assert facts.managed.seen["/etc/cni"].kind == "dir"
    assert facts.managed.seen["/gone"].kind == "absent"
    assert facts.managed.seen["/usr/local/bin/x"] == Seen("link", target="/store/x")
    assert facts.managed.stored == {"aa", "bb"}
    assert facts.managed.broken == {"aa": ("containerd", "ctr")}
    assert facts.managed.made == (("dir", "/etc/cni"), ("data", "/var/lib/x"))
    assert facts.services.units["x.service"].trouble() is None
    # The process that keeps the port is named; its shim where it is not found.
    assert facts.guests.lost == (Guest(990, "k8s.io", "pod-1"), Guest(1020, "default", "greeter"))
    assert facts.guests.held == (Guest(31, "default", "known"),)
    assert facts.managed.owner_of("/usr/local/bin/x") == "container-runtime"
    assert facts.managed.owner_of("/etc/other") is None


@pytest.mark.parametrize("lines", range(0, TEXT.count("\n"), 3))
def test_facts_that_were_cut_off_are_refused(lines: int) -> None:
    cut = "\n".join(TEXT.split("\n")[:lines])
    for text in (cut, cut + "\n", cut + "\nen"):
        with pytest.raises(ValueError, match="end in the middle"):
            Facts.parse(text)


@pytest.mark.parametrize("nuisance", ["\u2028", "\x85", "\x0b", "\x1c", "\\", '"', "'", "$x", " "])
def test_a_path_with_a_nuisance_in_it_stays_one_path(nuisance: str) -> None:
    path = f"/etc/a{nuisance}b"
    text = f"seen\t{path}\tregular file\t640\troot\troot\t0\t0\ndigest\tdd\t{path}\nend\n"
    seen = Facts.parse(text).managed.seen
    assert seen == {
        path: Seen("file", "0640", frozenset({"root", "0"}), frozenset({"root", "0"}), "dd")
    }


@pytest.mark.parametrize(
    ("service", "trouble"),
    [
        (Service("loaded", "active", "enabled"), None),
        (Service("masked", "active", "masked"), "is masked"),
        (Service("loaded", "active", "masked-runtime"), "is masked"),
        (Service("loaded", "inactive", "enabled"), "is inactive"),
        (Service("loaded", "failed", "enabled"), "is failed"),
        (Service("loaded", "activating", "enabled"), "is activating"),
        (Service("loaded", "active", "disabled"), "is disabled at boot"),
        (Service("loaded", "active", ""), "is not enabled at boot"),
    ],
)
def test_a_service_that_will_not_run_is_named(service: Service, trouble: str | None) -> None:
    assert service.trouble() == trouble


@pytest.mark.parametrize("line", ["file", "file\t/etc/x\t0644", "link\t/etc/x", "unit"])
def test_a_damaged_manifest_is_told_and_no_traceback(line: str) -> None:
    with pytest.raises(ValueError, match="the manifest of site on the node is damaged"):
        Facts.parse(f"resource\tsite\t1\nhave\tsite\t{line}\nend\n")
