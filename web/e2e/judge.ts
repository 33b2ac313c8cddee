/*
 * A model server that says of each talk what it is told to say, where `recado-sim model` says anything
 * that has the right form. What always holds: a quotation names the message that it was taken from; one
 * that stands in none is given the last message of the agent's.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Rubric {
	scriptKey: string;
	topics: readonly { key: string; label: string }[];
}

/** What it says of a talk. */
export interface Verdict {
	score: number;
	temperature: "cold" | "neutral" | "warm" | "hot";
	summary: string;
	/** Of each topic of the rubric: its score and why. */
	topics: readonly (readonly [score: number, notes: string])[];
	issues: readonly {
		key: string;
		severity: "low" | "medium" | "high";
		notes: string;
		excerpts: readonly string[];
	}[];
	highlights: readonly { key: string; notes: string; excerpts: readonly string[] }[];
	recommendations: readonly string[];
}

/** By what was said in it. */
export type Opinion = (texts: readonly string[]) => Verdict;

interface Line {
	id: string;
	role: string;
	text: string;
}

interface Asked {
	model: string;
	input: { content: { text: string }[] }[];
}

const MS = 350;

function linesOf(asked: Asked): Line[] {
	const text = asked.input[0]?.content.at(-1)?.text ?? "";
	return text
		.split("\n")
		.filter((l) => l.startsWith('{"id"'))
		.map((l) => JSON.parse(l) as Line);
}

function evidence(lines: readonly Line[], excerpts: readonly string[]) {
	const last = lines.findLast((l) => l.role === "ATENDENTE");
	return excerpts.map((excerpt) => ({
		messageId: (lines.findLast((l) => l.text.includes(excerpt)) ?? last)?.id ?? "",
		excerpt,
	}));
}

function report(rubric: Rubric, v: Verdict, lines: readonly Line[]) {
	return {
		analysisVersionTag: "",
		scriptKey: rubric.scriptKey,
		scriptVersion: 1,
		overallScore: v.score,
		temperature: v.temperature,
		summary: v.summary,
		checklist: rubric.topics.map(({ key, label }, i) => {
			const [score, notes] = v.topics[i] ?? [0, ""];
			return { key, label, passed: score >= 60, score, notes };
		}),
		issues: v.issues.map(({ excerpts, ...issue }) => ({ ...issue, evidence: evidence(lines, excerpts) })),
		highlights: v.highlights.map(({ excerpts, ...h }) => ({ ...h, evidence: evidence(lines, excerpts) })),
		recommendations: v.recommendations,
	};
}

function answer(rubric: Rubric, opinion: Opinion, body: string): unknown {
	const lines = linesOf(JSON.parse(body) as Asked);
	const text = JSON.stringify(report(rubric, opinion(lines.map((l) => l.text)), lines));
	const input = Math.round(body.length / 3.6);
	const output = Math.round(text.length / 3.4);
	return {
		id: "resp_1",
		object: "response",
		status: "completed",
		model: "gpt-5-mini",
		output: [
			{
				id: "msg_1",
				type: "message",
				status: "completed",
				role: "assistant",
				content: [{ type: "output_text", text, annotations: [] }],
			},
		],
		usage: {
			input_tokens: input,
			input_tokens_details: { cached_tokens: Math.round(input / 2) },
			output_tokens: output,
			output_tokens_details: { reasoning_tokens: 0 },
			total_tokens: input + output,
		},
	};
}

export class Judge {
	private constructor(readonly server: Server) {}

	static async open(rubric: Rubric, opinion: Opinion): Promise<Judge> {
		const server = createServer((request, response) => {
			const parts: Buffer[] = [];
			request.on("data", (part: Buffer) => parts.push(part));
			request.on("end", () => {
				const said = JSON.stringify(answer(rubric, opinion, Buffer.concat(parts).toString("utf8")));
				setTimeout(() => {
					response.writeHead(200, { "content-type": "application/json" });
					response.end(said);
				}, MS);
			});
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return new Judge(server);
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
	}

	close(): void {
		this.server.closeAllConnections();
		this.server.close();
	}
}
