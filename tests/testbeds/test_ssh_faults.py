"""What went wrong with ssh, in one line."""

import pytest

from vcperf.testbeds.session_shell import BEGIN
from vcperf.testbeds.ssh_faults import SSH_FAILED, reason, why

CHANGED = """\
@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@
"""
GATE = (
    "kex_exchange_identification: Connection closed by remote host\r\n"
    "Connection closed by UNKNOWN port 65535\r\n"
)


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ("", "cannot be reached by ssh (the connection was lost)"),
        ("mux_client_hello_exchange: write packet: Broken pipe\n", "(the connection was lost)"),
        (
            "ssh: connect to host gate port 22: Connection refused\r\n" + GATE,
            "cannot be reached by ssh (ssh: connect to host gate port 22: Connection refused)",
        ),
        (
            "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed\n"
            "Connection closed by UNKNOWN port 65535\n",
            "cannot be reached by ssh (channel 0: open failed: connect failed: No route to host)",
        ),
        (
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\n"
            "Disconnected from 10.0.0.1 port 22\n",
            "Too many authentication failures)",
        ),
        (
            "root@c000: Permission denied (publickey).\nlost\n",
            "refused our key (root@c000: Permission denied (publickey).); is it in",
        ),
        (
            "root@gate: Permission denied (publickey).\r\n" + GATE,
            "its jump host refused our key (root@gate: Permission denied (publickey).)",
        ),
        (
            CHANGED + "Host key for c000 has changed and you have requested strict checking.\n"
            "Host key verification failed.\n",
            "its host key has changed",
        ),
        # StrictHostKeyChecking no: ssh warns and goes on.
        (CHANGED + "root@c000: Permission denied (publickey).\n", "refused our key (root@c000"),
        (
            "No ED25519 host key is known for gate and you have requested strict checking.\n"
            "Host key verification failed.\n" + GATE,
            "its jump host's key (No ED25519 host key is known for gate and you",
        ),
        ("Host key verification failed.\n", "its host key is not known"),
        ("cat: .ssh/config: Permission denied\nlost\n", "cannot be reached by ssh (lost)"),
        # A host that hangs while a command runs there.
        (f"{BEGIN}\nmux_client_request_session: lost\n", "ssh (the connection was lost)"),
    ],
)
def test_an_error_has_the_cause_and_not_what_ssh_says_last(errors, says):
    told = reason(errors.encode())
    assert says in told and "\n" not in told and "\r" not in told
    assert why(SSH_FAILED, errors.encode()) == told


def test_a_commands_own_fault_is_its_last_line():
    said = "Traceback (most recent call last):\n  x\nOSError: no room\n"
    assert why(1, said.encode()) == "OSError: no room"
    assert why(3, b"") == "status 3"
