/** When the alerts of the signer go off, by Prometheus's own promtool over series as API servers and signers give them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { alerts, prometheusRule } from "../../tools/chart/alerts.ts";

function missing(): string | false {
  if (existsSync("/usr/bin/promtool")) return false;
  const reason = "Debian's package prometheus is not installed";
  if (process.env["CI"] === "true") throw new Error(reason);
  return reason;
}

const fetched = "apiserver_externaljwt_fetch_keys_success_timestamp";
const signed = "apiserver_externaljwt_sign_request_total";
const took = "apiserver_externaljwt_request_duration_seconds_bucket";
const sign = 'instance="a",method="/v1.ExternalJWTSigner/Sign",code="OK"';

/** Series every 15 seconds from time 0, in promtool's notation, and when an alert is silent and when it fires. */
const cases = [
  {
    alert: "PodtrustSignerAway",
    story: "keys were fetched until the second minute",
    series: { [`${fetched}{instance="a"}`]: "0+15x8 120x60", [`${fetched}{instance="b"}`]: "0+15x100" },
    silent: "5m",
    fires: "6m",
    labels: { instance: "a" },
  },
  {
    alert: "PodtrustSignerFails",
    story: "signatures fail from the second minute, while callers went away all the time",
    series: {
      [`${signed}{instance="a",code="Unavailable"}`]: "0x8 0+1x60",
      [`${signed}{instance="a",code="OK"}`]: "0+9x70",
      [`${signed}{instance="b",code="Canceled"}`]: "0+1x70",
    },
    silent: "6m",
    fires: "8m",
    labels: { instance: "a", code: "Unavailable" },
  },
  {
    alert: "PodtrustSignerSlow",
    story: "from the fifth minute one in ten takes five seconds",
    series: {
      [`${took}{${sign},le="1"}`]: "0+10x20 200+9x100",
      [`${took}{${sign},le="2.5"}`]: "0+10x20 200+9x100",
      [`${took}{${sign},le="5"}`]: "0+10x20 200+10x100",
      [`${took}{${sign},le="+Inf"}`]: "0+10x20 200+10x100",
    },
    silent: "14m",
    fires: "20m",
    labels: { instance: "a" },
  },
  {
    alert: "PodtrustSignerKeysUnread",
    story: "a folder cannot be used from the second minute",
    series: {
      'podtrust_signer_keys_unread{instance="a",pod="x"}': "0x8 1x60",
      'podtrust_signer_keys_unread{instance="b"}': "0x70",
    },
    silent: "6m",
    fires: "8m",
    labels: { instance: "a" },
  },
] as const;

describe("the alerts of the signer", { skip: missing() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-signer-alerts-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const { groups } = recordOf(recordOf(prometheusRule("signer", {}))["spec"]);
  const rules = recordsOf(recordsOf(groups)[0]?.["rules"]);
  const file = join(folder, "rules.json");
  writeFileSync(file, JSON.stringify({ groups }));

  test("are each described here", () =>
    assert.deepEqual(
      cases.map(({ alert }) => alert),
      alerts.signer.map(({ name }) => name),
    ));

  for (const { alert, story, series, silent, fires, labels } of cases)
    test(`${alert} goes off, and not before its time: ${story}`, async () => {
      const rule = recordOf(rules.find((one) => one["alert"] === alert));
      const going = {
        exp_labels: { ...recordOf(rule["labels"]), ...labels },
        exp_annotations: rule["annotations"],
      };
      const one = {
        interval: "15s",
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          { eval_time: silent, alertname: alert, exp_alerts: [] },
          { eval_time: fires, alertname: alert, exp_alerts: [going] },
        ],
      };
      const tests = join(folder, `${alert}.json`);
      writeFileSync(tests, JSON.stringify({ rule_files: [file], evaluation_interval: "15s", tests: [one] }));
      const { stdout } = await promisify(execFile)("promtool", ["test", "rules", tests]);
      assert.match(stdout, /SUCCESS/u);
    });
});
