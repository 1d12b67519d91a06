/** Operators of IAM with their keys and values. */
export type AllowCondition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** One statement of a policy that we write, as IAM's JSON has it. */
export interface AllowStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: AllowCondition;
}

/** An identity policy that can be given to IAM as it is: what is not in it is denied. */
export interface AllowPolicy {
  readonly Version: "2012-10-17";
  readonly Statement: readonly AllowStatement[];
}
