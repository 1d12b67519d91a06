import { describe, test } from "node:test";
import { CreateUserCommand, ListSAMLProvidersCommand } from "@aws-sdk/client-iam";
import { iamSandbox, refused } from "../../support/iam.ts";

describe("IAM operation-not-implemented", () => {
  test("an operation that the sandbox does not implement is refused by name", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(
      iam.send(new CreateUserCommand({ UserName: "a" })),
      "InvalidAction",
      "Could not find operation CreateUser for version 2010-05-08: this sandbox does not implement iam:CreateUser",
    );
    await refused(iam.send(new ListSAMLProvidersCommand({})), "InvalidAction", /iam:ListSAMLProviders/u);
  });
});
