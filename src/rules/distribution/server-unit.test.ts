import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readUnit, runsServer } from "./index.ts";

const old = "https://old.example.com";

/** As `busctl --json=short get-property` of systemd 252 printed a unit of these settings. */
const printed = (words: readonly string[]): readonly string[] => [
  '{"type":"s","data":"k3s.service"}',
  '{"type":"s","data":"/etc/systemd/system/k3s.service"}',
  '{"type":"as","data":["/etc/systemd/system/k3s.service.d/10-proxy.conf"]}',
  '{"type":"b","data":false}',
  JSON.stringify({
    type: "a(sasbttttuii)",
    data: [[words[0], words, false, 1796123137971291, 594450958, 0, 0, 40, 0, 0]],
  }),
  '{"type":"as","data":["A=b c","K3S_X=1"]}',
  '{"type":"a(sb)","data":[["/etc/default/k3s",true],["/etc/sysconfig/k3s",true]]}',
  '{"type":"u","data":40}',
  '{"type":"t","data":1796123137971320}',
];
const guide = ["/usr/local/bin/k3s", "server", `--kube-apiserver-arg=service-account-issuer=${old}`];

describe("the unit by which systemd starts a server of k3s", () => {
  test("is read with its words, files, environment and process", () => {
    assert.deepEqual(readUnit(printed(guide)), {
      name: "k3s.service",
      command: guide,
      environment: ["A=b c", "K3S_X=1"],
      environmentFiles: ["/etc/default/k3s", "/etc/sysconfig/k3s"],
      files: ["/etc/systemd/system/k3s.service", "/etc/systemd/system/k3s.service.d/10-proxy.conf"],
      needsReload: false,
      mainPid: 40,
      startedAt: 1_796_123_137_971,
    });
  });

  test("is not read where a property is missing, of another form, or starts several programs", () => {
    const lines = printed(guide);
    for (const index of lines.keys()) {
      for (const line of ["", "{", "7", '{"type":"x","data":{}}', '{"type":"x","data":[7]}'])
        // What is not known to be false counts as true.
        if (index !== 3) assert.equal(readUnit(lines.with(index, line)), undefined, `${index} ${line}`);
    }
    assert.equal(readUnit(lines.with(4, '{"type":"a(sasbttttuii)","data":[]}')), undefined);
    const two = [
      ["/bin/a", ["/bin/a"]],
      ["/bin/b", ["/bin/b"]],
    ];
    assert.equal(readUnit(lines.with(4, JSON.stringify({ data: two }))), undefined);
    assert.equal(readUnit(lines.slice(0, -1)), undefined);
    assert.equal(readUnit(lines.with(3, ""))?.needsReload, true);
  });

  test("is a server's by its first argument, as an agent is the same program", () => {
    const unit = (words: readonly string[]) => readUnit(printed(words)) ?? assert.fail();
    assert.equal(runsServer(unit(guide)), true);
    assert.equal(runsServer(unit(["/usr/local/bin/k3s", "agent"])), false);
  });
});
