import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, PodtrustError } from "../../core/base/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import { MemoryRecord } from "../../../test/support/memory-record.ts";
import type { ControlPlaneServer, PreviousFiles } from "../servers/index.ts";
import type { Working } from "./change-server.ts";
import { checkUnanswered, putBackUnasked, type UnaskedContext } from "./put-back.ts";

const old = "https://old.example.com";
const flags = { issuers: [old], keyFiles: [] };
const running = { starts: flags, runs: { kind: "seen", flags } };

/** A server that answers once its files are put back, or fails with an error until then. */
function serverOf(
  name: string,
  {
    isKept = true,
    isBegun = false,
    isBack = false,
    code = "cluster-unreachable",
  }: { isKept?: boolean; code?: ErrorCode } & Partial<PreviousFiles> = {},
): ControlPlaneServer {
  let previous: PreviousFiles | undefined = isKept ? { isBegun, isBack } : undefined;
  const unlessBack = async <T>(value: T): Promise<T> => {
    if (previous?.isBack !== true) throw new PodtrustError(code, "no answer");
    return value;
  };
  return {
    api: {
      name,
      whatRuns: () => unlessBack(running),
      discovery: () => unlessBack({ issuer: old, jwksUri: "" }),
    },
    record: new MemoryRecord(() => 0),
    files: {
      previous: async () => previous,
      beginPutBack: async () => {
        previous = { isBack: false, ...previous, isBegun: true };
      },
      putBack: async () => {
        previous = { isBegun: true, isBack: true };
        return { issuers: [old] };
      },
      endPutBack: async () => {},
    },
  } as unknown as ControlPlaneServer;
}

function contextOf(
  servers: readonly ControlPlaneServer[],
  oidcDocuments: () => Promise<unknown> = () =>
    Promise.reject(new PodtrustError("cluster-unreachable", "no answer")),
): UnaskedContext {
  const api = { server: "https://10.0.0.1:6443", oidcDocuments };
  return {
    api,
    servers,
    clock: new TestClock(),
    signal: new AbortController().signal,
  } as unknown as UnaskedContext;
}

function workingOf(reported: string[]): Working {
  return {
    began: ({ kind, server }) => reported.push(`${kind} ${server}`),
    waiting: () => {},
    restarted: ({ server }) => reported.push(`answers ${server}`),
    notice: () => {},
  };
}

describe("files are put back while no API server answers", () => {
  test("on every machine first, and then each API server is waited for", async () => {
    const reported: string[] = [];
    const context = contextOf([serverOf("cp-1"), serverOf("cp-2", { isKept: false }), serverOf("cp-3")]);
    await checkUnanswered(context);
    assert.deepEqual(await putBackUnasked(context, workingOf(reported)), ["cp-1", "cp-3"]);
    assert.deepEqual(reported, ["put-back cp-1", "put-back cp-3", "answers cp-1", "answers cp-3"]);
  });

  test("not where one answers, at its own address or at the cluster's, whatever it says", async () => {
    const answering = contextOf([serverOf("cp-1")], () => Promise.resolve({}));
    await assert.rejects(checkUnanswered(answering), {
      code: "adoption-refused",
      message: "the API server https://10.0.0.1:6443 answers",
    });
    for (const code of ["cluster-forbidden", "cluster-unauthenticated"] as const)
      await assert.rejects(checkUnanswered(contextOf([serverOf("cp-1", { code })])), {
        code: "adoption-refused",
        message: "the API server cp-1 answers",
      });
  });

  test("and gone on with where a run was cut off, though what that put back answers", async () => {
    const done = serverOf("cp-1", { isBegun: true, isBack: true });
    const reported: string[] = [];
    const context = contextOf([done, serverOf("cp-2", { isBegun: true })], () => Promise.resolve({}));
    assert.deepEqual(await checkUnanswered(context), { goesOn: true });
    assert.deepEqual(await putBackUnasked(context, workingOf(reported)), ["cp-1", "cp-2"]);
    assert.deepEqual(reported, ["put-back cp-1", "put-back cp-2", "answers cp-1", "answers cp-2"]);
  });

  test("not where a change came since that run, or its server was mended by another way", async () => {
    const done = { isBegun: true, isBack: true };
    for (const [mark, code, name] of [
      [false, "cluster-unreachable", "cp-1"],
      [true, "cluster-forbidden", "cp-2"],
    ] as const) {
      const other = serverOf("cp-2", { isBegun: mark, code });
      await assert.rejects(checkUnanswered(contextOf([serverOf("cp-1", done), other])), {
        code: "adoption-refused",
        message: `the API server ${name} answers`,
      });
    }
  });

  test("not where SSH does not reach a machine, which says nothing of its API server", async () => {
    const context = contextOf([serverOf("cp-1", { code: "ssh-unreachable" })]);
    await assert.rejects(checkUnanswered(context), { code: "ssh-unreachable" });
  });

  test("of no server if a file of one was changed since", async () => {
    const edited = serverOf("cp-2");
    const changed = (): Promise<never> =>
      Promise.reject(new PodtrustError("server-file-changed", "it is another"));
    const other = { ...edited, files: { ...edited.files, previous: changed } };
    const reported: string[] = [];
    const context = contextOf([serverOf("cp-1"), other]);
    await assert.rejects(putBackUnasked(context, workingOf(reported)), { code: "server-file-changed" });
    assert.deepEqual(reported, []);
    const answers = contextOf([serverOf("cp-1"), other], () => Promise.resolve({}));
    await assert.rejects(checkUnanswered(answers), { code: "adoption-refused" });
  });

  test("not where podtrust keeps nothing: then its files are not why the API server is down", async () => {
    const context = contextOf([serverOf("cp-1", { isKept: false })]);
    await assert.rejects(putBackUnasked(context, workingOf([])), {
      code: "adoption-refused",
      message: "nothing is kept on cp-1 from before a last change of podtrust's",
    });
  });
});
