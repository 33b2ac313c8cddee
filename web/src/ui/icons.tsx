/* The few marks of the page, drawn here so that no icon font and no second request is needed. */
const PATHS = {
	chat: "M3 4h14v10H9l-4 3v-3H3z",
	phone: "M6 2h8v16H6zM9 15.5h2",
	download: "M10 3v9m0 0 4-4m-4 4L6 8M3 16h14",
	star: "m10 3 2.1 4.6 5 .6-3.7 3.4 1 5L10 14.1 5.6 16.6l1-5L2.9 8.2l5-.6z",
	chart: "M3 17h14M5 14V9m5 5V4m5 10V7",
	hook: "M7 7a3 3 0 1 1 4 3l-3 5m-3-1a3 3 0 1 0 4 2h5m1-4a3 3 0 1 1-2 5",
	gear: "M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zm0-5v3m0 10v3M2 10h3m10 0h3M4.3 4.3l2.2 2.2m7 7 2.2 2.2m0-11.4-2.2 2.2m-7 7-2.2 2.2",
	search: "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zm4.5 10.5L18 18",
	moon: "M16 12A7 7 0 0 1 8 4a7 7 0 1 0 8 8z",
	sun: "M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm0-4v1.5m0 13V18M2 10h1.5m13 0H18M4.3 4.3l1 1m9.4 9.4 1 1m0-11.4-1 1m-9.4 9.4-1 1",
	down: "m5 8 5 5 5-5",
	up: "m5 12 5-5 5 5",
	left: "m12 4-6 6 6 6",
	right: "m8 4 6 6-6 6",
	check: "m4 10 4 4 8-9",
	checks: "m2 11 3.5 3.5L13 6m-4.5 7L10 14.5 18 6",
	clock: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm0 3v4l3 2",
	cross: "m5 5 10 10M15 5 5 15",
	warning: "M10 3 18 17H2zm0 5v4m0 2v.5",
	info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm0 6v5m0-8v.5",
	moving: "M16 10a6 6 0 1 1-2-4.5M16 3v3h-3",
	off: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM6 10h8",
	help: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM8 8a2 2 0 1 1 2.6 2c-.4.2-.6.5-.6 1.2m0 2v.5",
	plus: "M10 4v12M4 10h12",
	user: "M10 3a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3.5 17c.5-3.5 3-5 6.5-5s6 1.5 6.5 5",
	image: "M3 4h14v12H3zm0 9 4-4 4 4 2-2 4 4M13 7.5v.5",
	audio: "M4 8v4m3-7v10m3-12v14m3-10v6m3-4v2",
	file: "M5 2h7l3 3v13H5zm7 0v3h3",
	place: "M10 18s6-5.5 6-10a6 6 0 1 0-12 0c0 4.5 6 10 6 10zm0-12a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, label }: { name: IconName; size?: number; label?: string }) {
	const named =
		label === undefined ? { "aria-hidden": true as const } : { role: "img", "aria-label": label };
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 20 20"
			fill="none"
			stroke="currentColor"
			strokeWidth="1.6"
			strokeLinecap="round"
			strokeLinejoin="round"
			focusable="false"
			{...named}
		>
			<path d={PATHS[name]} />
		</svg>
	);
}
