// OpenAI's own client against the simulated model server: `node check.mjs URL REQUEST_JSON` sends the
// request and its like, and reads the answers as any program would. One line a check: `ok NAME`, or
// `not ok NAME: WHY`.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const [url, file] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, "utf8"));
const KEY = "sk-the-key-of-the-check";
const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0, timeout: 20_000 });

// The request with a marker in its rubric, which tells the simulator how to answer.
function marked(marker, changes = {}) {
  return { ...request, instructions: `${request.instructions}\nsim:${marker}`, ...changes };
}

function equal(actual, wanted, what) {
  const [a, w] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (a !== w) throw new Error(`${what} is ${a}, not ${w}`);
}

async function fails(promise, type, status, code) {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof type)) throw error;
    equal(error.status, status, "status");
    equal(error.code, code, "code");
    return error;
  }
  throw new Error("it did not fail");
}

function topicsOf(schema) {
  return schema.properties.checklist.items.properties.key?.enum ?? [];
}

const checks = {
  "the request is answered with the report that its schema asks for": async () => {
    const answer = await client.responses.create(request);
    const report = JSON.parse(answer.output_text);
    const schema = request.text.format.schema;
    equal(answer.status, "completed", "status");
    equal(answer.error, null, "error");
    equal(answer.store, false, "store");
    equal(Object.keys(report), Object.keys(schema.properties), "members");
    equal(report.checklist.map((item) => item.key), topicsOf(schema), "topics");
    if (!answer.model.startsWith(request.model)) throw new Error(`model is ${answer.model}`);
    const { usage } = answer;
    equal(usage.total_tokens, usage.input_tokens + usage.output_tokens, "total_tokens");
    if (usage.input_tokens_details.cached_tokens > usage.input_tokens) throw new Error("cached exceeds input");
    const said = JSON.stringify(request.input);
    const quotes = [...report.issues, ...report.highlights].flatMap((item) => item.evidence);
    for (const { messageId, excerpt } of quotes)
      if (!said.includes(JSON.stringify(messageId).slice(1, -1))) throw new Error(`${messageId} is not in the request: ${excerpt}`);
  },
  "nothing in it breaks what is promised": async () => {
    const { violations } = await (await fetch(`${url}/__sim/stats`)).json();
    equal(violations, { store: 0, strict: 0, phone: 0, email: 0, key: 0 }, "violations");
  },
  "a wrong key is an AuthenticationError": async () => {
    const stranger = new OpenAI({ apiKey: "sk-another-key", baseURL: `${url}/v1`, maxRetries: 0 });
    await fails(stranger.responses.create(request), OpenAI.AuthenticationError, 401, "invalid_api_key");
  },
  "an unknown model is a NotFoundError": async () => {
    const error = await fails(client.responses.create({ ...request, model: "gpt-0" }), OpenAI.NotFoundError, 404, "model_not_found");
    equal(error.param, "model", "param");
  },
  "response_format is a BadRequestError": async () => {
    const wrong = { ...request, response_format: { type: "json_object" } };
    const error = await fails(client.responses.create(wrong), OpenAI.BadRequestError, 400, "unsupported_parameter");
    equal(error.type, "invalid_request_error", "type");
  },
  "a schema that is not strict enough is a BadRequestError": async () => {
    const wrong = structuredClone(request);
    wrong.text.format.schema.required.pop();
    await fails(client.responses.create(wrong), OpenAI.BadRequestError, 400, "invalid_json_schema");
  },
  "429 is a RateLimitError with Retry-After": async () => {
    const error = await fails(client.responses.create(marked("429")), OpenAI.RateLimitError, 429, "rate_limit_exceeded");
    equal(error.headers.get("retry-after"), "1", "retry-after");
  },
  "500 is an InternalServerError": async () => {
    await fails(client.responses.create(marked("500")), OpenAI.InternalServerError, 500, null);
  },
  "after one 500 the client's second try is answered": async () => {
    const answer = await client.responses.create(marked("500*1 again"), { maxRetries: 1 });
    equal(answer.status, "completed", "status");
  },
  "a refusal is a part of its own": async () => {
    const answer = await client.responses.create(marked("refusal"));
    const message = answer.output.find((item) => item.type === "message");
    equal(message.content.map((part) => part.type), ["refusal"], "parts");
    equal(answer.output_text, "", "output_text");
  },
  "an incomplete answer says why": async () => {
    const answer = await client.responses.create(marked("incomplete_length"));
    equal(answer.status, "incomplete", "status");
    equal(answer.incomplete_details, { reason: "max_output_tokens" }, "incomplete_details");
    equal(answer.usage.output_tokens, request.max_output_tokens, "output_tokens");
  },
  "a failed answer has its error": async () => {
    const answer = await client.responses.create(marked("failed"));
    equal(answer.status, "failed", "status");
    equal(answer.error.code, "server_error", "code");
  },
  "a connection that is cut is an APIConnectionError": async () => {
    await fails(client.responses.create(marked("close")), OpenAI.APIConnectionError, undefined, undefined);
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${error.message}`);
  }
}
