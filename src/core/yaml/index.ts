export type { Position, YamlBounds, YamlProblem, YamlStreamBounds } from "./bounds.ts";
export { readYaml, readYamlStream, type YamlDocument } from "./read.ts";
export { yamlText } from "./write.ts";
