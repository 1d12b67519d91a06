import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerFields } from "./fields.ts";
import { primaryIpOf } from "./shapes.ts";

test("an address of Hetzner's answer is an IP address or network, and never another argument for a program", () => {
  for (const ip of ["203.0.113.7", "2001:db8::1", "2001:db8:1:2::/64"])
    assert.equal(new AnswerFields({ ip }, "server").address("ip"), ip);
  for (const ip of [
    "",
    "-oProxyCommand=sh",
    "203.0.113.7;id",
    "$(id)",
    "ssh://203.0.113.7",
    "root@203.0.113.7",
    "example.com",
    "fe80::1%eth0",
    "2001:db8::/64/1",
    "2001:db8::/x",
    7,
  ])
    assert.throws(
      () => new AnswerFields({ ip }, "server").address("ip"),
      { code: "hetzner-answer-invalid" },
      String(ip),
    );
});

test("an address that is none is refused where it comes in", () => {
  const fields = {
    id: 1,
    name: "a",
    labels: {},
    type: "ipv4",
    ip: "`id`",
    location: { name: "nbg1" },
    auto_delete: false,
  };
  assert.throws(
    () => primaryIpOf(new AnswerFields(fields, "primary_ip")),
    /primary_ip\.ip is no IP address/u,
  );
});
