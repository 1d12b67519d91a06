import { AwsError } from "../wire/error.ts";

/** 404 NoSuchEntity. */
export function noSuchEntity(message: string): AwsError {
  return new AwsError("NoSuchEntity", message, { status: 404, rule: "entity-exists" });
}

/** 409 EntityAlreadyExists. */
export function alreadyExists(message: string): AwsError {
  return new AwsError("EntityAlreadyExists", message, { status: 409, rule: "entity-new" });
}

/** 409 DeleteConflict. */
export function deleteConflict(message: string): AwsError {
  return new AwsError("DeleteConflict", message, { status: 409, rule: "nothing-depends-on-it" });
}

/** 400 InvalidInput. */
export function invalidInput(message: string): AwsError {
  return new AwsError("InvalidInput", message, { rule: "input-valid" });
}

/** 400 ValidationError, for problems beyond single constraints. */
export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message, { rule: "parameters-valid" });
}
