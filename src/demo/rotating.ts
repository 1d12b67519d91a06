import { assumeWithWebIdentity, type AwsSession, isAwsCode } from "../aws/index.ts";
import { cast } from "./cast.ts";
import { showRotation } from "./rotation.ts";
import { demoTimes, type Stage } from "./stage.ts";
import type { StoryRotation, Tell } from "./story.ts";
import { mintToken } from "./tokens.ts";

async function accepted(session: AwsSession, roleArn: string, token: string): Promise<boolean> {
  try {
    await assumeWithWebIdentity(session, { roleArn, sessionName: cast.sessionName, token });
    return true;
  } catch (error) {
    if (isAwsCode(error, "AccessDenied", "InvalidIdentityToken", "ExpiredTokenException")) return false;
    throw error;
  }
}

/**
 * A rotation of the stand-in's signing key that goes on while the story is told, since most of it is waiting for
 * caches. What it showed is told in its own chapter.
 */
export class Rotating {
  readonly #steps: string[] = [];
  readonly #stopped = new AbortController();
  readonly #outcome: Promise<StoryRotation>;

  constructor(
    stage: Stage & { readonly standIn: NonNullable<Stage["standIn"]> },
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
        mint: () => mintToken(stage, cast.serviceAccount, cast.audience),
        accepted: (token) => accepted(aws.session, aws.roleArn, token),
        signal: AbortSignal.any([aws.signal, this.#stopped.signal]),
      },
      (step) => this.#steps.push(step),
    );
    // A failure is thrown where the outcome is asked for; until then Node would take it for unhandled.
    this.#outcome.catch(() => undefined);
  }

  /** Waits for it and tells its chapter. Throws `demo-link-broken` when a valid token was refused. */
  async tell(tell: Tell): Promise<StoryRotation> {
    const title = "Meanwhile the cluster's signing key was rotated, and nobody was refused on the way.";
    const outcome = await this.#outcome;
    tell({ kind: "chapter", title });
    for (const text of this.#steps) tell({ kind: "step", text });
    const text = `STS was asked ${outcome.tokensChecked} times meanwhile and refused ${outcome.refused}.`;
    tell({ kind: "step", text });
    return outcome;
  }

  /** Ends it where it stands; resolves when nothing of it runs any more. */
  async end(): Promise<void> {
    this.#stopped.abort();
    await this.#outcome.catch(() => undefined);
  }
}
