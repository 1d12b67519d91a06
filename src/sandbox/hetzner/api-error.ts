/** An error about a body's field. */
export interface FieldFault {
  readonly name: string;
  readonly messages: readonly string[];
}

/**
 * A refusal in the API's words: status, a code that is the contract, a message that is not, and details whose form
 * depends on the code (Hetzner Cloud API, "Errors").
 */
export class HetznerApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: object | null;

  constructor(status: number, code: string, message: string, details: object | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  toObject(): object {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}

/** 422: invalid fields. */
export function invalidInput(fields: readonly FieldFault[]): HetznerApiError {
  const names = fields.map(({ name }) => `'${name}'`).join(", ");
  return new HetznerApiError(
    422,
    "invalid_input",
    `invalid input in field${fields.length === 1 ? "" : "s"} ${names}`,
    {
      fields,
    },
  );
}

/** 409: another resource of that kind has this value already. */
export function uniquenessError(field: string, message = `${field} is already used`): HetznerApiError {
  return new HetznerApiError(409, "uniqueness_error", message, { fields: [{ name: field }] });
}

/** 404: nothing with this id. */
export function notFound(kind: string, id: string | number): HetznerApiError {
  return new HetznerApiError(404, "not_found", `${kind} with ID '${id}' not found`);
}

/** 423: protection forbids deletion or rebuilding. */
export function protectedError(kind: string, what = "deletion"): HetznerApiError {
  return new HetznerApiError(423, "protected", `${kind} ${what} is protected`);
}

/** 422 with a code of the operation. */
export function refused(code: string, message: string): HetznerApiError {
  return new HetznerApiError(422, code, message);
}
