import assert from "node:assert/strict";
import type { TestContext } from "node:test";

/** Asserts, of the publisher's live unit, that it is exposed to 2.0 at the most and runs as nobody with no capability. */
export async function assertConfined(
  context: TestContext,
  onMachine: (script: string) => Promise<string>,
): Promise<void> {
  const out = await onMachine(`systemd-analyze security --no-pager podtrust-publisher.service | tail -n 1
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$(systemctl show -p MainPID --value podtrust-publisher)/status`);
  const [, level] = /: ([\d.]+)/u.exec(out) ?? [];
  context.diagnostic(`systemd-analyze security: ${level}`);
  assert.ok(Number(level) <= 2, out);
  assert.match(out, /CapEff:\s+0+\nCapBnd:\s+0+\nNoNewPrivs:\s+1\nSeccomp:\s+2/u);
  assert.doesNotMatch(out, /Uid:\s+0\b/u);
}
