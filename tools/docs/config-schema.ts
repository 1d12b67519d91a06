import { configJsonSchema } from "../../src/config/index.ts";
import type { GeneratedPage } from "../docs.ts";

const schema = await configJsonSchema();

const page: GeneratedPage = {
  path: "docs/reference/podtrust.schema.json",
  render: () => `${JSON.stringify(schema, undefined, 2)}\n`,
};
export default page;
