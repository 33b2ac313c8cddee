/* Figures of many reports: by agent, by topic, and the stretches of a trend. Pure. */
import type { RankedSession, Report } from "../api/types";

/** Which assessments a question is about; without a key those of the script that changed last. */
export interface Combo {
	scriptKey: string | undefined;
	scriptVersion: number | undefined;
}

/** Of a choice as it stands in an address: `key@version`, or nothing. */
export function comboOf(chosen: string): Combo {
	const at = chosen.lastIndexOf("@");
	return at < 0
		? { scriptKey: undefined, scriptVersion: undefined }
		: { scriptKey: chosen.slice(0, at), scriptVersion: Number(chosen.slice(at + 1)) };
}

export interface Group {
	name: string | null;
	count: number;
	average: number;
}

/** Averages by agent, the worst first. */
export function byAgent(items: readonly Pick<RankedSession, "assignedUserName" | "overallScore">[]): Group[] {
	const sums = new Map<string | null, { sum: number; count: number }>();
	for (const item of items) {
		const s = sums.get(item.assignedUserName) ?? { sum: 0, count: 0 };
		s.sum += item.overallScore;
		s.count++;
		sums.set(item.assignedUserName, s);
	}
	return [...sums]
		.map(([name, s]) => ({ name, count: s.count, average: s.sum / s.count }))
		.sort((a, b) => a.average - b.average || b.count - a.count);
}

export interface TopicFigures {
	key: string;
	label: string;
	count: number;
	failed: number;
	average: number;
}

/** The topics of the reports, the worst average first. */
export function worstTopics(reports: readonly Pick<Report, "checklist">[]): TopicFigures[] {
	const topics = new Map<string, TopicFigures & { sum: number }>();
	for (const report of reports)
		for (const item of report.checklist) {
			const t = topics.get(item.key) ?? {
				key: item.key,
				label: item.label,
				count: 0,
				failed: 0,
				average: 0,
				sum: 0,
			};
			t.count++;
			t.sum += item.score;
			if (!item.passed) t.failed++;
			topics.set(item.key, t);
		}
	return [...topics.values()]
		.map(({ sum, ...t }) => ({ ...t, average: sum / t.count }))
		.sort((a, b) => a.average - b.average);
}

export interface Stretch {
	startDate: string;
	endDate: string;
}

const STRETCHES: Readonly<Record<number, number>> = { 7: 1, 30: 3, 90: 10, 365: 31 };

/** Whole days from `days` ago until today, in stretches of equal length, the oldest first. */
export function trendStretches(days: number, today: Date): Stretch[] {
	const length = STRETCHES[days] ?? Math.max(1, Math.ceil(days / 10));
	const day = (back: number): string => {
		const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() - back);
		const two = (n: number): string => String(n).padStart(2, "0");
		return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	};
	const stretches: Stretch[] = [];
	for (let back = 0; back < days; back += length)
		stretches.unshift({ startDate: day(Math.min(days, back + length) - 1), endDate: day(back) });
	return stretches;
}
