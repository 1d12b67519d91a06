import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, PodtrustError } from "../../core/base/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import type { ControlPlaneServer } from "../servers/index.ts";
import type { Working } from "./change-server.ts";
import { checkUnanswered, putBackUnasked, type UnaskedContext } from "./put-back.ts";

const old = "https://old.example.com";
const running = { issuers: [old], keyFiles: [] };

/** A server that answers once its files are put back, or fails with an error until then. */
function serverOf(
  name: string,
  { isKept = true, code = "cluster-unreachable" }: { isKept?: boolean; code?: ErrorCode } = {},
): ControlPlaneServer {
  let isBack = false;
  const unlessBack = async <T>(value: T): Promise<T> => {
    if (!isBack) throw new PodtrustError(code, "nobody answers");
    return value;
  };
  return {
    api: {
      name,
      running: () => unlessBack(running),
      discovery: () => unlessBack({ issuer: old, jwksUri: "" }),
    },
    files: {
      putBack: async () => {
        if (!isKept) return undefined;
        isBack = true;
        return { issuers: [old] };
      },
    },
  } as unknown as ControlPlaneServer;
}

function contextOf(
  servers: readonly ControlPlaneServer[],
  oidcDocuments: () => Promise<unknown> = () =>
    Promise.reject(new PodtrustError("cluster-unreachable", "nobody answers")),
): UnaskedContext {
  const api = { server: "https://10.0.0.1:6443", oidcDocuments };
  return {
    api,
    servers,
    clock: new TestClock(),
    signal: new AbortController().signal,
  } as unknown as UnaskedContext;
}

function workingOf(told: string[]): Working {
  return {
    began: ({ kind, server }) => told.push(`${kind} ${server}`),
    waiting: () => {},
    restarted: ({ server }) => told.push(`answers ${server}`),
    notice: () => {},
  };
}

describe("files are put back while no API server answers", () => {
  test("on every machine first, and then each API server is waited for", async () => {
    const told: string[] = [];
    const context = contextOf([serverOf("cp-1"), serverOf("cp-2", { isKept: false }), serverOf("cp-3")]);
    await checkUnanswered(context);
    assert.deepEqual(await putBackUnasked(context, workingOf(told)), ["cp-1", "cp-3"]);
    assert.deepEqual(told, [
      "put-back cp-1",
      "put-back cp-2",
      "put-back cp-3",
      "answers cp-1",
      "answers cp-3",
    ]);
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

  test("not where SSH does not reach a machine, which says nothing of its API server", async () => {
    const context = contextOf([serverOf("cp-1", { code: "ssh-unreachable" })]);
    await assert.rejects(checkUnanswered(context), { code: "ssh-unreachable" });
  });

  test("not where podtrust keeps nothing: then its files are not why the API server is down", async () => {
    const context = contextOf([serverOf("cp-1", { isKept: false })]);
    await assert.rejects(putBackUnasked(context, workingOf([])), {
      code: "adoption-refused",
      message: "nothing is kept on cp-1 from before a last change of podtrust's",
    });
  });
});
