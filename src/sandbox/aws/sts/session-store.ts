import { accessKeyId, secretKey, sessionToken } from "../state/identifier.ts";
import type { Account } from "../state/account.ts";
import type { Session } from "../state/records.ts";
import type { Shape } from "../wire/value.ts";

/** Parameters of a new session. */
export interface NewSession extends Omit<
  Session,
  "accessKeyId" | "secret" | "token" | "createDate" | "expires"
> {
  /** Seconds. */
  readonly duration: number;
}

/** How long an expired session is remembered, so that its user gets the error for expired ones. */
const remembered = 3_600_000;
const sweepEvery = 60_000;
/**
 * The holder of a token can create unlimited sessions: beyond this number the oldest are forgotten, even if not
 * expired, so that memory is bounded.
 */
const maxSessions = 20_000;

/** Issues temporary credentials, and forgets those that expired long ago. */
export class SessionStore {
  readonly #account: Account;
  #swept = 0;

  constructor(account: Account) {
    this.#account = account;
  }

  /** `now` in milliseconds. Expiry is in whole seconds, as AWS prints it. */
  issue(now: number, { duration, ...rest }: NewSession): Session {
    this.#sweep(now);
    const session: Session = {
      ...rest,
      accessKeyId: this.#freeKeyId(),
      secret: secretKey(),
      token: sessionToken(),
      createDate: now,
      expires: (Math.floor(now / 1000) + duration) * 1000,
    };
    this.#account.sessions.set(session.accessKeyId, session);
    if (this.#account.sessions.size > maxSessions) this.#account.sessions.deleteOldest();
    return session;
  }

  #freeKeyId(): string {
    for (;;) {
      const id = accessKeyId("ASIA", this.#account.id);
      if (!this.#account.sessions.has(id)) return id;
    }
  }

  #sweep(now: number): void {
    if (now - this.#swept < sweepEvery) return;
    this.#swept = now;
    for (const [key, { expires }] of this.#account.sessions.entries()) {
      if (expires + remembered < now) this.#account.sessions.delete(key);
    }
  }
}

/** A session's keys, as every operation of STS returns them. */
export function credentials(session: Session): Shape {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secret,
    SessionToken: session.token,
    Expiration: new Date(session.expires),
  };
}

/** The ARN of a session: with the role's name without its path. */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
}
