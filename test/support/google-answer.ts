/** What a model of Google answers. */
export interface GoogleAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal in the form of Google's APIs. */
export function refused(code: number, status: string, message: string): GoogleAnswer {
  return { status: code, body: { error: { code, message, status } } };
}
