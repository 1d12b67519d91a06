import { describe, test } from "node:test";
import { accepts, refuses } from "../fixture.ts";

describe("STS rule role-arn-form", () => {
  for (const roleArn of [
    "this is no ARN at all",
    "arn:aws:iam::111122223333:user/demo",
    "arn:aws:iam::111122223333:policy/demo",
    "arn:aws:iam::1111222233:role/demo",
    "arn:aws:sts::111122223333:role/demo",
    "arn:aws:iam:eu-central-1:111122223333:role/demo",
    "arn:aws:iam::111122223333:role/",
    "arn:aws:iam::111122223333:role/de mo",
    "arn:aws:iam::111122223333:role/demo ",
    "ARN:AWS:IAM::111122223333:ROLE/DEMO",
  ]) {
    test(`refuses RoleArn ${roleArn}`, () =>
      refuses(
        { request: { roleArn } },
        { rule: "role-arn-form", code: "ValidationError", text: "Request ARN is invalid" },
      ));
  }

  test("accepts the ARN of a role with a path, in another partition", () => {
    const arn = "arn:aws-cn:iam::111122223333:role/team/shop/demo";
    return accepts({ request: { roleArn: arn }, role: { arn } });
  });
});
