import { assumeWithWebIdentity, type AwsSession, isAwsCode } from "../providers/aws/index.ts";
import { example } from "./example.ts";
import { showRotation } from "./rotation.ts";
import { demoTimes } from "./environment.ts";
import type { RotationReport, OnEvent } from "./report.ts";
import type { Stage } from "./stage.ts";
import { mintToken } from "./tokens.ts";

/** Whether STS accepts this token; throws if the answer is not about the token. */
export async function accepted(session: AwsSession, roleArn: string, token: string): Promise<boolean> {
  try {
    await assumeWithWebIdentity(session, { roleArn, sessionName: example.sessionName, token });
    return true;
  } catch (error) {
    if (isAwsCode(error, "AccessDenied", "InvalidIdentityToken", "ExpiredTokenException")) return false;
    throw error;
  }
}

/**
 * A rotation of the stand-in's signing key that runs beside the workload and the refusals, since most of it
 * is waiting for caches. Its result is reported under a heading of its own.
 */
export class Rotating {
  readonly #steps: string[] = [];
  readonly #stopped = new AbortController();
  readonly #outcome: Promise<RotationReport>;

  constructor(
    stage: Stage & { readonly [Name in "standIn" | "publisher"]: NonNullable<Stage[Name]> },
    aws: { readonly session: AwsSession; readonly roleArn: string; readonly signal: AbortSignal },
  ) {
    const { keys } = stage.standIn;
    const rotated = {
      create: () => keys.create(),
      promote: (kid: string) => keys.promote(kid),
      drop: (kid: string) => keys.drop(kid),
      signing: () => keys.list().find((key) => key.state === "signing")?.kid ?? "",
    };
    this.#outcome = showRotation(
      {
        clock: stage.clock,
        keys: rotated,
        published: () => stage.publisher.refresh(),
        cacheMs: demoTimes.cache,
        mint: () => mintToken(stage, example.serviceAccount, example.audience),
        accepted: (token) => accepted(aws.session, aws.roleArn, token),
        signal: AbortSignal.any([aws.signal, this.#stopped.signal]),
      },
      (step) => this.#steps.push(step),
    );
    // A failure is thrown when the outcome is requested; until then Node would report it as unhandled.
    this.#outcome.catch(() => undefined);
  }

  /** Waits for it and reports its result. Throws `demo-link-broken` when a valid token was refused. */
  async report(onEvent: OnEvent): Promise<RotationReport> {
    const title = "Meanwhile the cluster's signing key was rotated, and no valid token was refused.";
    const outcome = await this.#outcome;
    onEvent({ kind: "heading", title });
    for (const text of this.#steps) onEvent({ kind: "step", text });
    const text = `STS was asked ${outcome.tokensChecked} times meanwhile and refused ${outcome.refused}.`;
    onEvent({ kind: "step", text });
    return outcome;
  }

  /** Stops it; resolves when nothing of it runs any more. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await this.#outcome.catch(() => undefined);
  }
}
