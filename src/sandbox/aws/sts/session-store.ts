import { accessKeyId, type Account, secretKey, type Session, sessionToken } from "../state/index.ts";
import type { Shape } from "../wire/index.ts";

/** A session as it is asked for. */
export interface NewSession extends Omit<
  Session,
  "accessKeyId" | "secret" | "token" | "createDate" | "expires"
> {
  /** Seconds. */
  readonly duration: number;
}

/** How long an expired session is remembered, so that its user is told that it has expired. */
const remembered = 3_600_000;
const sweepEvery = 60_000;
/**
 * Whoever holds a token can ask for sessions without end: the oldest are forgotten beyond this many, though they have not
 * expired, so that memory has a bound.
 */
const maxSessions = 20_000;

/** Gives out temporary credentials, and forgets those that expired long ago. */
export class SessionStore {
  readonly #account: Account;
  #swept = 0;

  constructor(account: Account) {
    this.#account = account;
  }

  /** `now` in milliseconds. Ends are whole seconds, as AWS prints them. */
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

/** A session's keys as every operation of STS gives them. */
export function credentials(session: Session): Shape {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secret,
    SessionToken: session.token,
    Expiration: new Date(session.expires),
  };
}

/** The ARN under which a session acts: the role's name without its path. */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
}
