import { describe, test } from "node:test";
import { accepts, account, refuses } from "../fixture.ts";

describe("STS rule region-activated", () => {
  test("refuses a request to a region in which STS is not activated", () =>
    refuses(
      { facts: { regionDisabled: true } },
      {
        rule: "region-activated",
        code: "RegionDisabledException",
        status: 403,
        text: `STS is not activated in this region for account:${account}. Your account administrator can activate STS in this region using the IAM Console.`,
      },
    ));

  test("accepts a request to a region in which STS is activated", () =>
    accepts({ facts: { regionDisabled: false } }));
});
