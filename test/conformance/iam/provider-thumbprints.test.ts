import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  GetOpenIDConnectProviderCommand,
  type IAMClient,
  UpdateOpenIDConnectProviderThumbprintCommand,
} from "@aws-sdk/client-iam";
import { createProvider, iamSandbox, providerArn, refused } from "../../support/iam.ts";

const print = (character: string): string => character.repeat(40);
const five = ["a", "b", "c", "d", "e"].map(print);

async function stored(iam: IAMClient): Promise<string[] | undefined> {
  const answer = await iam.send(
    new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: providerArn }),
  );
  return answer.ThumbprintList;
}

function update(iam: IAMClient, list: string[]): Promise<unknown> {
  return iam.send(
    new UpdateOpenIDConnectProviderThumbprintCommand({
      OpenIDConnectProviderArn: providerArn,
      ThumbprintList: list,
    }),
  );
}

describe("IAM provider-thumbprints", () => {
  test("any 40 characters are a thumbprint; they are lower-cased, and duplicates stay", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { ThumbprintList: [print("G"), print("g"), print("A")] });
    assert.deepEqual(await stored(iam), [print("g"), print("g"), print("a")]);
    await update(iam, [print("F"), print("F")]);
    assert.deepEqual(await stored(iam), [print("f"), print("f")]);
  });

  test("a provider takes five thumbprints, and not six", async (t) => {
    const { iam } = await iamSandbox(t);
    const text = "Thumbprint list must contain fewer than 5 entries.";
    await refused(createProvider(iam, { ThumbprintList: [...five, print("f")] }), "InvalidInput", text);
    await createProvider(iam, { ThumbprintList: five });
    await refused(update(iam, [...five, print("f")]), "InvalidInput", text);
    assert.deepEqual(await stored(iam), five);
  });

  test("an update needs at least one thumbprint", async (t) => {
    const { iam } = await iamSandbox(t);
    await createProvider(iam, { ThumbprintList: five });
    await refused(update(iam, []), "InvalidInput", "Thumbprint list must contain at least one entry.");
    assert.deepEqual(await stored(iam), five);
  });

  test("a thumbprint of another length breaks the constraint", async (t) => {
    const { iam } = await iamSandbox(t);
    await refused(
      createProvider(iam, { ThumbprintList: ["ab", print("c")] }),
      "ValidationError",
      `1 validation error detected: Value '[ab, ${print("c")}]' at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 40, Member must have length greater than or equal to 40]`,
    );
  });
});
