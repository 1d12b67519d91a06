import { test } from "node:test";
import { accepts, account, refuses } from "../fixture.ts";

test("a region in which STS is switched off", () =>
  refuses(
    { facts: { regionDisabled: true } },
    {
      rule: "region-activated",
      code: "RegionDisabledException",
      status: 403,
      text: `STS is not activated in this region for account:${account}. Your account administrator can activate STS in this region using the IAM Console.`,
    },
  ));

test("one in which it is on", () => accepts({ facts: { regionDisabled: false } }));
