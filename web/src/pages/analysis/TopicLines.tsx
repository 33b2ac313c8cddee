/* The topics of a script being written: added, taken away, moved, each with what is wrong with it. */
import { useLayoutEffect, useRef, type KeyboardEvent } from "react";
import { useT } from "../../i18n";
import { slugOf } from "../../lib/slug";
import type { TopicFaults, TopicLine } from "../../lib/script";
import { Button, Field, Icon, ui } from "../../ui";
import css from "./analysis.module.css";
import { texts } from "./messages";

const MOST = 100;

function Line({
	line: x,
	at,
	count,
	faults,
	change,
	move,
	remove,
}: {
	line: TopicLine;
	at: number;
	count: number;
	faults: TopicFaults;
	change: (to: Partial<TopicLine>) => void;
	move: (by: -1 | 1) => void;
	remove: () => void;
}) {
	const t = useT(texts);
	const n = at + 1;
	const fault = (of: keyof TopicFaults) => {
		const key = faults[of];
		return key === undefined ? undefined : t(key);
	};
	return (
		<div className={css.topicRow} role="group" aria-label={t("edit.topic", { n })}>
			<Field label={t("edit.topic", { n })} error={fault("label")}>
				{(ids) => (
					<input
						{...ids}
						maxLength={500}
						value={x.label}
						onChange={(e) =>
							change({
								label: e.target.value,
								...(x.fixed ? {} : { key: slugOf(e.target.value) }),
							})
						}
					/>
				)}
			</Field>
			<Field label={t("scripts.key")} error={fault("key")}>
				{(ids) => (
					<input
						{...ids}
						maxLength={128}
						spellCheck={false}
						value={x.key}
						onChange={(e) => change({ key: e.target.value, fixed: true })}
					/>
				)}
			</Field>
			<Field label={t("edit.weight")} error={fault("weight")}>
				{(ids) => (
					<input
						{...ids}
						inputMode="decimal"
						value={x.weight}
						onChange={(e) => change({ weight: e.target.value })}
					/>
				)}
			</Field>
			<div className={css.topicTools}>
				<Button
					kind="quiet"
					iconOnly
					data-move="-1"
					disabled={at === 0}
					aria-label={t("edit.up", { n })}
					title={t("edit.up", { n })}
					onClick={() => move(-1)}
				>
					<Icon name="up" />
				</Button>
				<Button
					kind="quiet"
					iconOnly
					data-move="1"
					disabled={at === count - 1}
					aria-label={t("edit.down", { n })}
					title={t("edit.down", { n })}
					onClick={() => move(1)}
				>
					<Icon name="down" />
				</Button>
				<Button
					kind="quiet"
					iconOnly
					aria-label={t("edit.remove", { n })}
					title={t("edit.remove", { n })}
					onClick={remove}
				>
					<Icon name="cross" />
				</Button>
			</div>
		</div>
	);
}

export function TopicLines({
	lines,
	faults,
	onChange,
}: {
	lines: TopicLine[];
	faults: readonly TopicFaults[];
	onChange: (to: TopicLine[]) => void;
}) {
	const t = useT(texts);
	const box = useRef<HTMLDivElement>(null);
	const nextId = useRef(lines.reduce((most, x) => Math.max(most, x.id + 1), 0));
	/* Where the focus goes when what had it moves or goes: as soon as the lines are drawn, so that
	   the next key finds it there. */
	const wanted = useRef<((rows: Element[]) => Element | null | undefined) | null>(null);
	const focusSoon = (what: (rows: Element[]) => Element | null | undefined) => {
		wanted.current = what;
	};
	useLayoutEffect(() => {
		const found = wanted.current?.([...(box.current?.children ?? [])]);
		wanted.current = null;
		if (found instanceof HTMLElement) found.focus();
	}, [lines]);
	const move = (at: number, by: -1 | 1) => {
		const to = [...lines];
		to.splice(at + by, 0, ...to.splice(at, 1));
		onChange(to);
		focusSoon((rows) => {
			const row = rows[at + by];
			return (
				row?.querySelector(`[data-move="${by}"]:not(:disabled)`) ??
				row?.querySelector("[data-move]:not(:disabled)")
			);
		});
	};
	const remove = (at: number) => {
		onChange(lines.filter((_, i) => i !== at));
		focusSoon(
			(rows) =>
				(rows[at] ?? rows[at - 1])?.querySelector("input") ??
				box.current?.nextElementSibling?.querySelector("button"),
		);
	};
	const add = () => {
		if (lines.length >= MOST) return;
		onChange([...lines, { id: nextId.current++, key: "", label: "", weight: "1", fixed: false }]);
		focusSoon((rows) => rows.at(-1)?.querySelector("input"));
	};
	/* Enter goes on to the next topic: saving is for ever, and nobody means it in the middle of a list. */
	const next = (e: KeyboardEvent<HTMLElement>) => {
		if (e.key !== "Enter" || e.nativeEvent.isComposing || !(e.target instanceof HTMLInputElement)) return;
		e.preventDefault();
		const rows = [...(box.current?.children ?? [])];
		const at = rows.findIndex((row) => row.contains(e.target as HTMLElement));
		if (at < rows.length - 1) rows[at + 1]?.querySelector("input")?.focus();
		else if (lines[at]?.label.trim() !== "") add();
	};
	return (
		<>
			{/* The lines hear what is pressed in their fields. */}
			{/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
			<div ref={box} className={ui.stack} onKeyDown={next}>
				{lines.map((x, i) => (
					<Line
						key={x.id}
						line={x}
						at={i}
						count={lines.length}
						faults={faults[i] ?? {}}
						change={(to) => onChange(lines.map((o) => (o === x ? { ...o, ...to } : o)))}
						move={(by) => move(i, by)}
						remove={() => remove(i)}
					/>
				))}
			</div>
			<div>
				<Button onClick={add} disabled={lines.length >= MOST}>
					<Icon name="plus" />
					{t("edit.add")}
				</Button>
			</div>
		</>
	);
}
