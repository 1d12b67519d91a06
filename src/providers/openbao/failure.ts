import { PodtrustError } from "../../core/base/index.ts";

/** A refusal in the API's own form: whatever was asked for was not done. */
export class OpenBaoRefusal extends Error {
  readonly status: number;

  constructor(status: number, errors: readonly string[]) {
    super(errors.join("; "));
    this.status = status;
  }
}

/** No answer from the API, or one from a failing server: the request may have been carried out or not. */
export class OpenBaoUnanswered extends Error {
  /** Whether asking again may help: a certificate that is refused stays so. */
  readonly mayPass: boolean;

  constructor(text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : { cause });
    this.mayPass = !(cause instanceof PodtrustError && cause.code === "http-tls");
  }
}

/** A failure of a call as a person meets it. `what`: `writing role web`. */
export function openbaoError(thrown: unknown, what: string): unknown {
  if (thrown instanceof OpenBaoUnanswered) {
    const code = thrown.cause === undefined ? "openbao-unavailable" : "openbao-unreachable";
    return new PodtrustError(code, `${what}: ${thrown.message}`, { cause: thrown.cause });
  }
  if (!(thrown instanceof OpenBaoRefusal)) return thrown;
  const { status, message } = thrown;
  const said = message === "" ? "" : `: ${message}`;
  const sentence = `OpenBao refused ${what} with status ${status}${said}`;
  return new PodtrustError(status === 403 ? "openbao-denied" : "openbao-refused", sentence, {
    detail: { status },
  });
}

/** The error of an answer whose content is not of the documented form. */
export function invalidAnswer(what: string, fault: string): PodtrustError {
  return new PodtrustError("openbao-answer-invalid", `the answer to ${what} is of no known form: ${fault}`);
}
