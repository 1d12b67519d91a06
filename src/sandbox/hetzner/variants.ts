/** Forms of answers that are documented or were seen; which one comes today is unknown. */
export interface HetznerVariants {
  /** A write with a read-only token: 403 `forbidden`, or the older 401 `token_readonly`. */
  readonly readOnlyRefusal: "forbidden" | "token_readonly";
  /** The assignee_type of an unassigned primary IP. */
  readonly freeAssigneeType: "unassigned" | "server";
  /** Whether `invalid_input` names its fields. */
  readonly invalidInputDetails: boolean;
}

export const defaultVariants: HetznerVariants = {
  readOnlyRefusal: "forbidden",
  freeAssigneeType: "unassigned",
  invalidInputDetails: true,
};
