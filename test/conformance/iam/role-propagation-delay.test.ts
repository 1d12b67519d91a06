import { describe, test } from "node:test";
import { DeleteRoleCommand, GetRoleCommand, UpdateAssumeRolePolicyCommand } from "@aws-sdk/client-iam";
import { TestClock } from "../../support/clock.ts";
import { createRole, iamSandbox, policyOf, refused, trustPolicy } from "../../support/iam.ts";

const nobody = policyOf({
  Effect: "Deny",
  Principal: { AWS: "*" },
  Action: "sts:AssumeRole",
});

describe("IAM role-propagation-delay", () => {
  test("STS sees a new role eight seconds later, IAM at once", async (t) => {
    const clock = new TestClock(Date.now());
    const { iam, assume } = await iamSandbox(t, { clock, spreads: "usually" });
    await createRole(iam, "fresh");
    await iam.send(new GetRoleCommand({ RoleName: "fresh" }));
    await refused(assume("fresh"), "AccessDenied", /not authorized to perform: sts:AssumeRole/u, 403);
    clock.jump(7900);
    await refused(assume("fresh"), "AccessDenied", /./u, 403);
    clock.jump(100);
    await assume("fresh");
  });

  test("a changed trust policy reaches STS as late, whether it opens or closes", async (t) => {
    const clock = new TestClock(Date.now());
    const { iam, assume } = await iamSandbox(t, { clock, propagationMs: 5000 });
    await createRole(iam, "demo");
    clock.jump(5000);
    await assume("demo");
    const update = (PolicyDocument: string): Promise<unknown> =>
      iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "demo", PolicyDocument }));
    await update(nobody);
    await assume("demo");
    clock.jump(5000);
    await refused(assume("demo"), "AccessDenied", /./u, 403);
    await update(trustPolicy);
    await refused(assume("demo"), "AccessDenied", /./u, 403);
    clock.jump(5000);
    await assume("demo");
  });

  test("a second change of a trust policy does not hasten the first", async (t) => {
    const clock = new TestClock(Date.now());
    const { iam, assume } = await iamSandbox(t, { clock, propagationMs: 5000 });
    await createRole(iam, "demo");
    clock.jump(5000);
    for (const PolicyDocument of [nobody, trustPolicy]) {
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "demo", PolicyDocument }));
      await assume("demo");
    }
    clock.jump(5000);
    await assume("demo");
  });

  test("a role that is made again under its name is new to STS again", async (t) => {
    const clock = new TestClock(Date.now());
    const { iam, assume } = await iamSandbox(t, { clock, propagationMs: 5000 });
    await createRole(iam, "demo");
    clock.jump(5000);
    await iam.send(new DeleteRoleCommand({ RoleName: "demo" }));
    await createRole(iam, "demo");
    await refused(assume("demo"), "AccessDenied", /./u, 403);
  });
});
