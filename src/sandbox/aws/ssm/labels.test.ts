import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ParameterStore, parameterStore, refusal } from "../../../../test/support/parameter-store.ts";
import { defined } from "../../../core/base/index.ts";
import type { RawRecord, Shape } from "../wire/value.ts";

/** A parameter with three versions. */
async function versions(): Promise<
  ParameterStore & { label: (params: RawRecord) => Promise<Shape>; labels: () => Promise<unknown> }
> {
  const store = parameterStore();
  for (const [index, Value] of ["one", "two", "three"].entries()) {
    await store.run("PutParameter", { Name: "/p", Value, Type: "String", Overwrite: index > 0 });
  }
  return {
    ...store,
    label: (params) => store.run("LabelParameterVersion", { Name: "/p", ...params }),
    async labels() {
      const { Parameters } = await store.run("GetParameterHistory", { Name: "/p" });
      return (Parameters as readonly { Labels: readonly string[] }[]).map(({ Labels }) => Labels);
    },
  };
}

describe("the labels of a parameter", () => {
  test("name a version, the newest by default, and a reader finds it by them", async () => {
    const { label, labels, run } = await versions();
    assert.deepEqual(await label({ Labels: ["latest"] }), { InvalidLabels: [], ParameterVersion: 3 });
    await label({ Labels: ["first", "kept"], ParameterVersion: 1 });
    await label({ Labels: ["first"], ParameterVersion: 1 });
    assert.deepEqual(await labels(), [["first", "kept"], [], ["latest"]]);
    assert.partialDeepStrictEqual(await run("GetParameter", { Name: "p:first" }), {
      Parameter: { Value: "one", Version: 1, Selector: ":first", Name: "p" },
    });
    assert.partialDeepStrictEqual(await run("GetParameters", { Names: ["/p:latest", "/p:none"] }), {
      Parameters: [{ Value: "three" }],
      InvalidParameters: ["/p:none"],
    });
  });

  test("move to the version that gets them next", async () => {
    const { label, labels } = await versions();
    await label({ Labels: ["a", "b", "c"], ParameterVersion: 1 });
    await label({ Labels: ["b", "c"], ParameterVersion: 2 });
    assert.deepEqual(await labels(), [["a"], ["b", "c"], []]);
  });

  test("are refused by name where they are none, and the others given", async () => {
    const { label, labels } = await versions();
    const bad = ["9abc", "awsabc", "SSMabc", "abc/123", "a b"];
    assert.deepEqual(await label({ Labels: [...bad, "good-1"] }), {
      InvalidLabels: bad,
      ParameterVersion: 3,
    });
    assert.deepEqual(await labels(), [[], [], ["good-1"]]);
  });

  test("are ten of a version at most", async () => {
    const { label, problems } = await versions();
    const some = (count: number, of: string): string[] =>
      Array.from({ length: count }, (_, i) => `${of}${i}`);
    await label({ Labels: some(6, "a") });
    await assert.rejects(
      label({ Labels: some(5, "b") }),
      refusal("ParameterVersionLabelLimitExceeded", /maximum of 10 labels/u),
    );
    assert.match(
      problems("LabelParameterVersion", { Name: "/p", Labels: some(11, "a") }),
      /less than or equal to 10$/u,
    );
  });

  test("keep their version: it is not dropped for a newer one", async () => {
    const { label, run } = await versions();
    await label({ Labels: ["kept"], ParameterVersion: 1 });
    const put = (Value: string): Promise<Shape> =>
      run("PutParameter", { Name: "/p", Value, Overwrite: true });
    for (let version = 4; version <= 100; version += 1) await put(String(version));
    await assert.rejects(
      put("101"),
      refusal(
        "ParameterMaxVersionLimitExceeded",
        "You attempted to create a new version of /p by calling the PutParameter API with the overwrite flag. Version 1, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.",
      ),
    );
    await label({ Labels: ["kept"], ParameterVersion: 2 });
    assert.partialDeepStrictEqual(await put("101"), { Version: 101 });
  });

  test("are taken away by name", async () => {
    const { label, labels, run } = await versions();
    await label({ Labels: ["a", "b"], ParameterVersion: 2 });
    assert.deepEqual(
      await run("UnlabelParameterVersion", { Name: "/p", ParameterVersion: 2, Labels: ["a", "c"] }),
      { RemovedLabels: ["a"], InvalidLabels: ["c"] },
    );
    assert.deepEqual(await labels(), [[], ["b"], []]);
  });

  test("need a parameter and a version", async () => {
    const { label, run } = await versions();
    const none = { Name: "/none", Labels: ["a"] };
    await assert.rejects(label(none), refusal("ParameterNotFound", ""));
    await assert.rejects(run("GetParameterHistory", { Name: "/none" }), refusal("ParameterNotFound", ""));
    const text = "Systems Manager could not find version 9 of /p. Verify the version and try again.";
    await assert.rejects(
      label({ Labels: ["a"], ParameterVersion: 9 }),
      refusal("ParameterVersionNotFound", text),
    );
    await assert.rejects(
      run("UnlabelParameterVersion", { Name: "/p", ParameterVersion: 9, Labels: ["a"] }),
      refusal("ParameterVersionNotFound", text),
    );
  });
});

describe("the history of a parameter", () => {
  test("comes in pages, in the order of the versions", async () => {
    const { run } = await versions();
    for (let version = 4; version <= 12; version += 1) {
      await run("PutParameter", { Name: "/p", Value: String(version), Overwrite: true });
    }
    const seen: number[] = [];
    let token: string | undefined;
    do {
      const page = await run("GetParameterHistory", {
        Name: "/p",
        MaxResults: 5,
        ...defined({ NextToken: token }),
      });
      seen.push(...(page["Parameters"] as readonly { Version: number }[]).map(({ Version }) => Version));
      token = page["NextToken"] as string | undefined;
    } while (token !== undefined);
    assert.deepEqual(
      seen,
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
  });

  test("hides the values of a SecureString unless decryption is asked for", async () => {
    const { run } = parameterStore();
    await run("PutParameter", { Name: "/s", Value: "open sesame", Type: "SecureString" });
    const value = async (WithDecryption: boolean): Promise<unknown> =>
      (
        (await run("GetParameterHistory", { Name: "/s", WithDecryption }))["Parameters"] as {
          Value: string;
        }[]
      )[0]?.Value;
    assert.equal(await value(true), "open sesame");
    assert.match(String(await value(false)), /^[\w+/]{40,}={0,2}$/u);
  });
});
