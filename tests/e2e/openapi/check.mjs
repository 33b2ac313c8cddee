// Our OpenAPI document under other people's eyes: `node check.mjs DOCUMENT` holds it against the schema
// of OpenAPI 3.1, compiles every schema in it as JSON Schema 2020-12, makes TypeScript of it and
// compiles what uses that. Spoilt copies must be refused. One line a check: `ok NAME`, or
// `not ok NAME: WHY`.
import { readFileSync, writeFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));

async function problems(candidate) {
  const found = await new Validator().validate(candidate);
  return found.valid ? "" : JSON.stringify(found.errors).slice(0, 500);
}

function spoilt(change) {
  const copy = structuredClone(document);
  change(copy);
  return async () => {
    if ((await problems(copy)) === "") throw new Error("it is taken");
  };
}

function compileSchemas(candidate) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  addFormats(ajv);
  const schemas = Object.entries(candidate.components.schemas);
  for (const [name, schema] of schemas) {
    ajv.addSchema(JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "")), name);
  }
  for (const [name] of schemas) ajv.getSchema(name);
  return schemas.length;
}

// The messages of the compiler about a program that uses the types.
async function compile(program) {
  const types = astToString(await openapiTS(document, { exportType: true }));
  writeFileSync("api.ts", types);
  writeFileSync("use.ts", `import type { components, operations, paths } from "./api.js";\n${program}`);
  const all = ts.createProgram(["use.ts"], {
    strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [], lib: ["lib.es2022.d.ts"],
  });
  return ts.getPreEmitDiagnostics(all).map((d) => ts.flattenDiagnosticMessageText(d.messageText, "\n"));
}

const USE = `
type Page = operations["clientsList"]["responses"][200]["content"]["application/json"];
export function names(page: Page): string[] {
  return page.data.map((client) => client.apiBaseUrl ?? client.name);
}
export const status: components["schemas"]["Message"]["status"] = "played";
export const query: operations["ticketsList"]["parameters"]["query"] = { limit: 5, source: "manual" };
export const body: operations["clientsCreate"]["requestBody"]["content"]["application/json"] = { slug: "a", name: "A" };
export type Problem = paths["/api/me"]["get"]["responses"][401]["content"]["application/problem+json"]["error"];
`;

async function refused(program) {
  if ((await compile(USE + program)).length === 0) throw new Error("the compiler takes it");
}

const checks = {
  "the document is one of OpenAPI 3.1": async () => {
    const found = await problems(document);
    if (found !== "") throw new Error(found);
  },
  "one without a version of its own is none": spoilt((d) => delete d.info.version),
  "one with a parameter in no place is none": spoilt((d) => (d.paths["/api/clients"].get.parameters[0].in = "nowhere")),
  "one with an answer that is not described is none": spoilt(
    (d) => delete d.paths["/api/clients"].get.responses["200"].description),
  "one with a way in of no kind is none": spoilt((d) => (d.components.securitySchemes.bearer.type = "magic")),
  "every schema in it is JSON Schema": async () => {
    if (compileSchemas(document) < 50) throw new Error("there are too few");
  },
  "a schema of no type is none": async () => {
    const copy = structuredClone(document);
    copy.components.schemas.Client.properties.slug.type = "text";
    try {
      compileSchemas(copy);
    } catch (error) {
      if (String(error.message).includes("type")) return;
      throw error;
    }
    throw new Error("it is taken");
  },
  "types are made of it and can be used": async () => {
    const found = await compile(USE);
    if (found.length > 0) throw new Error(found.join("; "));
  },
  "a word that is none is refused by the compiler": () =>
    refused('export const wrong: components["schemas"]["Message"]["status"] = "lost";'),
  "a body with a member too much is refused by the compiler": () =>
    refused('export const more: typeof body = { slug: "a", name: "A", colour: "red" };'),
  "null is refused where it cannot be": () =>
    refused("export const none: Page = { data: null, nextCursor: null };"),
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${name}: ${String(error.message ?? error).split("\n")[0]}`);
  }
}
process.exitCode = failed ? 1 : 0;
