import assert from "node:assert/strict";
import { test } from "node:test";
import { sshFailure } from "./ssh-failure.ts";

const target = { address: "203.0.113.7", port: 22, user: "k8s", hostKeys: [] };

const texts: readonly (readonly [said: string, code: string, names: RegExp])[] = [
  ["ssh: connect to host 203.0.113.7 port 22: Connection refused", "ssh-unreachable", /booting/u],
  ["ssh: connect to host 203.0.113.7 port 22: Connection timed out", "ssh-unreachable", /did not answer/u],
  ["ssh: connect to host 203.0.113.7 port 22: Operation timed out", "ssh-unreachable", /did not answer/u],
  ["ssh: connect to host 203.0.113.7 port 22: No route to host", "ssh-unreachable", /did not answer/u],
  ["ssh: connect to host 2001:db8::1 port 22: Network is unreachable", "ssh-unreachable", /did not answer/u],
  [
    "ssh: Could not resolve hostname x: Name or service not known",
    "ssh-unreachable",
    /resolves to no address/u,
  ],
  [
    "@@@@@@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@\nHost key verification failed.",
    "ssh-host-key",
    /not the pinned one \(ssh: Host key verification failed\.\)/u,
  ],
  [
    "No ED25519 host key is known for podtrust-prod and you have requested strict checking.",
    "ssh-host-key",
    /pinned/u,
  ],
  ["k8s@203.0.113.7: Permission denied (publickey).", "ssh-denied", /none of the keys/u],
  [
    "Received disconnect from 203.0.113.7 port 22:2: Too many authentication failures",
    "ssh-denied",
    /none of/u,
  ],
  [
    'Load key "/home/me/.ssh/id": error in libcrypto\nPermission denied (publickey).',
    "ssh-denied",
    /Permission/u,
  ],
  [
    "Unable to negotiate with 203.0.113.7 port 22: no matching key exchange method found.",
    "ssh-failed",
    /algorithm/u,
  ],
  ["kex_exchange_identification: read: Connection reset by peer", "ssh-lost", /closed the connection/u],
  ["client_loop: send disconnect: Broken pipe", "ssh-lost", /closed the connection/u],
  ["Timeout, server 203.0.113.7 not responding.", "ssh-lost", /not responding/u],
  ["ssh: something new", "ssh-failed", /something new/u],
  ["", "ssh-failed", /said nothing/u],
];

for (const [said, code, names] of texts) {
  test(`what ssh says is distinguished: ${said.split("\n").at(-1)}`, () => {
    const error = sshFailure(target, said);
    assert.equal(error.code, code);
    assert.match(error.message, names);
    assert.match(error.message, /^k8s@203\.0\.113\.7/u);
    assert.ok(error.next.length > 10);
  });
}
