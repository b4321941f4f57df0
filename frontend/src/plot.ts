/** The drawn chart: ECharts with the look's rules. Loaded only when a chart comes into view. */
import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { colour } from "./colour";
import type { Limit, Line } from "./elements/time-chart";
import { clock, date, number, quantity } from "./pure/number";
import { extremes } from "./pure/series";
import { language } from "./words";

use([LineChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export interface Drawing {
  lines: Line[];
  limits: Limit[];
  digits: number;
  span: [number, number];
  zero: boolean;
}
export interface Plot {
  draw(what: Drawing): void;
  remove(): void;
}

export function plot(holder: HTMLElement): Plot {
  const chart = init(holder, null, { renderer: "canvas" });
  const sized = new ResizeObserver(() => chart.resize());
  sized.observe(holder);
  return {
    draw(what) {
      chart.setOption(option(what, holder), { notMerge: true });
    },
    remove() {
      sized.disconnect();
      chart.dispose();
    },
  };
}

function option(
  { lines, limits, digits, span, zero }: Drawing,
  at: HTMLElement,
): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const c = (role: string) => colour(role, at);
  const lang = language();
  const font = { fontFamily: getComputedStyle(at).fontFamily, fontSize: 11.5, color: c("--ink-3") };
  const main = lines[0]?.points ?? [];
  const found = extremes(main);
  // a limit far above everything would flatten the line; it is named in the page's text all the same
  const near = found
    ? limits.filter(
        (m) =>
          m.v <=
          (found.high[1] as number) +
            Math.max(0.6 * Math.abs(found.high[1] as number), (found.high[1] as number) - (found.low[1] as number)),
      )
    : limits;
  const names = [...near.map((m) => m.name), ...(lines.length > 1 ? lines.map((l) => l.name) : [])];
  const right = names.length ? Math.min(150, 16 + Math.max(...names.map((n) => n.length)) * 6.4) : 16;
  return {
    animation: false,
    textStyle: font,
    aria: { enabled: false },
    grid: { left: 8, right, top: 14, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "time",
      min: span[0],
      max: span[1],
      axisLine: { lineStyle: { color: c("--line-strong") } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...font, ...ticks(span) },
    },
    yAxis: {
      type: "value",
      scale: !zero,
      axisLabel: { ...font, formatter: (v: number) => number(v, decimals(found, digits), lang) },
      splitLine: { lineStyle: { color: c("--line") } },
    },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: c("--raised"),
      borderColor: c("--line"),
      textStyle: { ...font, color: c("--ink"), fontSize: 13 },
      axisPointer: { lineStyle: { color: c("--ink-3") } },
      formatter: (given: unknown) => {
        const list = given as { seriesName: string; seriesIndex: number; value: [number, number | null] }[];
        const shown = list.filter((p) => p.seriesIndex < lines.length);
        const first = shown[0];
        if (!first) return "";
        return [
          `${clock(first.value[0])} ${date(first.value[0])}`,
          ...shown.map(
            (p) => `${p.seriesName}: ${quantity(p.value[1], digits, lines[p.seriesIndex]?.unit ?? "", lang)}`,
          ),
        ].join("\n");
      },
    },
    series: [
      ...lines.map((line, i) => ({
        type: "line" as const,
        name: line.name,
        data: line.points,
        showSymbol: false,
        connectNulls: false,
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { width: 2, color: c(`--s-${i + 1}`), type: line.dashed ? "dashed" : "solid" },
        itemStyle: { color: c(`--s-${i + 1}`) },
        ...(i === 0 && lines.length === 1
          ? { areaStyle: { color: c("--s-1"), opacity: 0.1, origin: "start" as const } }
          : {}),
        ...(lines.length > 1
          ? {
              endLabel: {
                show: true,
                formatter: "{a}",
                color: c(`--s-${i + 1}`),
                fontWeight: 600,
                fontFamily: font.fontFamily,
                width: right - 8,
                overflow: "truncate" as const,
              },
            }
          : {}),
        ...(i === 0 && near.length
          ? {
              markLine: {
                silent: true,
                symbol: "none",
                animation: false,
                data: near.map((m) => ({
                  yAxis: m.v,
                  name: m.name,
                  lineStyle: { color: c(m.role), width: 1.5, type: m.dash ?? ("solid" as const) },
                  label: {
                    formatter: m.name,
                    color: c(m.role),
                    fontWeight: 500 as const,
                    fontFamily: font.fontFamily,
                    position: "end" as const,
                  },
                })),
              },
            }
          : {}),
      })),
      // unseen points at the limits stretch the axis to round values that hold them
      {
        type: "line" as const,
        data: near.map((m) => [span[0], m.v]),
        showSymbol: false,
        lineStyle: { width: 0 },
        silent: true,
        tooltip: { show: false },
      },
    ],
  } as Parameters<ReturnType<typeof init>["setOption"]>[0];
}

/** Marks at round local hours or midnights; Vietnam is UTC+7, so ECharts' own, in the reader's zone, could be elsewhere. */
function ticks(span: [number, number]): object {
  const hours = (span[1] - span[0]) / 3_600_000;
  const step =
    hours <= 8 ? 1 : hours <= 30 ? 6 : hours <= 100 ? 24 : hours <= 400 ? 48 : Math.ceil(hours / 24 / 7) * 24;
  const width = step * 3_600_000;
  const offset = 7 * 3_600_000;
  const values: number[] = [];
  for (let t = Math.ceil((span[0] + offset) / width) * width - offset; t <= span[1]; t += width) values.push(t);
  return {
    customValues: values,
    hideOverlap: true,
    formatter: (v: number) => (step >= 24 ? date(v).slice(0, 5) : clock(v)),
  };
}
/** Few decimals on the axis unless the whole range is small. */
function decimals(found: ReturnType<typeof extremes>, digits: number): number {
  if (!found) return 0;
  const width = (found.high[1] as number) - (found.low[1] as number);
  return width > 12 ? 0 : width > 0.6 ? Math.min(1, Math.max(digits, 0)) : Math.min(digits, 2);
}
