import { integer, required, structures, text, texts } from "../wire/input.ts";

/** Parameters that several operations share, with the constraints of the IAM API model (2010-05-08). */

export const roleName = required(text({ min: 1, max: 64, pattern: "[\\w+=,.@-]+" }));
export const instanceProfileName = required(text({ min: 1, max: 128, pattern: "[\\w+=,.@-]+" }));
export const policyName = required(text({ min: 1, max: 128, pattern: "[\\w+=,.@-]+" }));
export const path = text({ min: 1, max: 512, pattern: "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)" });
export const pathPrefix = text({ min: 1, max: 512, pattern: "\\u002F[\\u0021-\\u007F]*" });
export const document = required(
  text({ min: 1, max: 131_072, pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+" }),
);
export const roleDescription = text({
  max: 1000,
  pattern: "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
});
export const policyDescription = text({ max: 1000 });
export const maxSessionDuration = integer({ min: 3600, max: 43_200 });
export const versionId = required(text({ pattern: "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?" }));
/** The operation checks its form: an invalid ARN has an error text of its own. */
export const policyArn = required(text({ max: 2048 }));
export const boundaryArn = text({ max: 2048 });
export const providerArn = required(text({ min: 20, max: 2048 }));

const tagCharacters = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";
export const tags = structures(
  {
    Key: required(text({ min: 1, max: 128, pattern: `${tagCharacters}+` })),
    Value: required(text({ min: 0, max: 256, pattern: `${tagCharacters}*` })),
  },
  { max: 50 },
);
export const tagKeys = required(texts({ min: 1, max: 128, pattern: `${tagCharacters}+` }, { max: 50 }));

/** Of every paginated list. */
export const paging = {
  // AWS's have 320 characters at most; ours hold a whole ARN, which may be longer.
  Marker: text({ min: 1, max: 4096 }),
  MaxItems: integer({ min: 1, max: 1000 }),
};
