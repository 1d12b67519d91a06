import type { TestContext } from "node:test";
import { defined, mapped } from "../../src/core/base/index.ts";
import {
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { TestClock } from "./clock.ts";

/** An answer of the API, read. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A project at the stand-in, its clock, and one who asks with a token that may write. */
export interface ApiWorld {
  readonly hetzner: StandInHetzner;
  readonly clock: TestClock;
  readonly ask: (method: string, path: string, body?: object) => Promise<Answered>;
}

/** Starts it; ends with the test. */
export async function hetznerApi(
  context: TestContext,
  options: StandInHetznerOptions = {},
): Promise<ApiWorld> {
  const clock = new TestClock(Date.parse("2026-11-25T12:00:00Z"));
  const hetzner = await startStandInHetzner({ clock, mischief: "off", ...options });
  context.after(() => hetzner.close());
  const ask = async (method: string, path: string, body?: object): Promise<Answered> => {
    const response = await fetch(`${hetzner.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${hetzner.tokens.readWrite}` },
      ...defined({ body: mapped(body, JSON.stringify) }),
    });
    const text = await response.text();
    const parsed: unknown = text === "" ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, body: parsed };
  };
  return { hetzner, clock, ask };
}

/** The code of a refusal; `none` for a success. */
export const codeOf = ({ body }: Answered): string =>
  (body as { error?: { code: string } }).error?.code ?? "none";

/** An order of a server that can be had. */
export const serverOrder = { name: "prod", server_type: "cax11", image: "ubuntu-24.04", location: "nbg1" };
