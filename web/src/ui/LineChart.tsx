/*
 * One line over stretches of time. For who cannot see it: it is a picture that says between what it
 * moves, and the same figures stand in a table beside it.
 */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../shell/theme";
import css from "./ui.module.css";

const HEIGHT = 200;

export default function LineChart({
	labels,
	values,
	name,
	alt,
	top,
}: {
	labels: string[];
	values: (number | null)[];
	name: string;
	/** What one sees, in words. */
	alt: string;
	/** The end of the scale; without it the values decide. */
	top?: number;
}) {
	const box = useRef<HTMLDivElement>(null);
	const theme = useTheme();

	useEffect(() => {
		const el = box.current;
		if (el === null) return;
		const style = getComputedStyle(document.documentElement);
		const token = (n: string) => style.getPropertyValue(n).trim();
		const font = `12px ${token("--font")}`;
		const axis = {
			stroke: token("--text-2"),
			font,
			grid: { stroke: token("--line"), width: 1 },
			ticks: { show: false },
		};
		const plot = new uPlot(
			{
				width: el.clientWidth,
				height: HEIGHT,
				/* Room for half a label beyond the last point. */
				padding: [8, 28, 0, 0],
				legend: { show: false },
				cursor: { show: false },
				scales: {
					x: { time: false },
					y: { range: (_, __, most) => [0, top ?? Math.max(1, most * 1.1)] },
				},
				axes: [
					{
						...axis,
						grid: { show: false },
						space: 80,
						size: 28,
						incrs: [1, 2, 3, 4, 6, 12, 24, 48],
						values: (_, at) => at.map((i) => (Number.isInteger(i) ? (labels[i] ?? "") : "")),
					},
					{ ...axis, size: 48 },
				],
				series: [
					{},
					{
						label: name,
						stroke: token("--accent"),
						width: 2,
						spanGaps: true,
						points: { show: true, size: 7, fill: token("--accent"), stroke: token("--surface") },
					},
				],
			},
			[labels.map((_, i) => i), values],
			el,
		);
		const watch = new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: HEIGHT }));
		watch.observe(el);
		return () => {
			watch.disconnect();
			plot.destroy();
		};
	}, [labels, values, name, theme, top]);
	return <div ref={box} className={css.chart} role="img" aria-label={alt} />;
}
