import assert from "node:assert/strict";
import { ssmService } from "../../src/sandbox/aws/ssm/service.ts";
import { emptyAccount } from "../../src/sandbox/aws/state/account.ts";
import type { ServiceAction, Call, Need } from "../../src/sandbox/aws/wire/service.ts";
import { AwsError } from "../../src/sandbox/aws/wire/error.ts";
import { problemsText, readInput } from "../../src/sandbox/aws/wire/input.ts";
import type { RawRecord, Shape } from "../../src/sandbox/aws/wire/value.ts";

export const account = "111122223333";
export const parameterPrefix = `arn:aws:ssm:eu-central-1:${account}:parameter`;

function call(region: string, now: number): Call {
  return {
    service: "ssm",
    protocol: "json",
    action: "",
    requestId: "r",
    now,
    caller: {
      kind: "admin",
      arn: `arn:aws:iam::${account}:user/podtrust-admin`,
      userId: "AIDA",
      account,
      accessKeyId: "AKIA",
    },
    region,
    sourceAddress: "127.0.0.1",
    userAgent: "test",
    signal: new AbortController().signal,
    note() {},
  };
}

/** Parameter Store without the wire. */
export interface ParameterStore {
  readonly run: (action: string, params: RawRecord, region?: string) => Promise<Shape>;
  readonly needs: (action: string, params: RawRecord) => readonly Need[];
  /** What constraints the parameters of an action break, in AWS's words; empty when none. */
  readonly problems: (action: string, params: RawRecord) => string;
  readonly clock: { now: number };
}

export function parameterStore(): ParameterStore {
  const service = ssmService({ account: emptyAccount(account) });
  const clock = { now: Date.parse("2026-11-25T00:00:00Z") };
  const actionOf = (name: string): ServiceAction => {
    const action = service.actions[name];
    assert.ok(action, name);
    return action;
  };
  const read = (name: string, raw: RawRecord) => {
    const action = actionOf(name);
    const { params, problems } = readInput(action.input, raw);
    assert.deepEqual(problems, []);
    return { action, params };
  };
  return {
    clock,
    problems(name, raw) {
      const { problems } = readInput(actionOf(name).input, raw);
      return problems.length === 0 ? "" : problemsText(problems);
    },
    async run(name, raw, region = "eu-central-1") {
      const { action, params } = read(name, raw);
      return (await action.run(params, call(region, clock.now))) ?? {};
    },
    needs(name, raw) {
      const { action, params } = read(name, raw);
      return action.access(params, call("eu-central-1", clock.now));
    },
  };
}

/** Checks a refusal of Parameter Store. */
export function refusal(code: string, text?: RegExp | string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AwsError);
    assert.equal(error.code, code);
    assert.equal(error.status, 400);
    if (typeof text === "string") assert.equal(error.message, text);
    else if (text !== undefined) assert.match(error.message, text);
    return true;
  };
}
