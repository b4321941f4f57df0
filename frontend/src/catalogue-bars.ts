/** Bars of a column's spread, drawn by ECharts. Loaded only when one comes into view. */
import { BarChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { catalogueSay } from "./catalogue-words";
import { colour } from "./colour";
import { number } from "./pure/number";
import { language } from "./words";

use([BarChart, GridComponent, TooltipComponent, CanvasRenderer]);
export interface BarPlot {
  draw(bars: [string, number][], unit: string): void;
  remove(): void;
}

export function bars(holder: HTMLElement): BarPlot {
  const chart = init(holder, null, { renderer: "canvas" });
  const sized = new ResizeObserver(() => chart.resize());
  sized.observe(holder);
  return {
    draw(given, unit) {
      const c = (role: string) => colour(role, holder);
      const lang = language();
      const font = { fontFamily: getComputedStyle(holder).fontFamily, fontSize: 11.5, color: c("--ink-3") };
      const last = given.length - 1;
      chart.setOption(
        {
          animation: false,
          textStyle: font,
          aria: { enabled: false },
          grid: { left: 0, right: 4, top: 8, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
          xAxis: {
            type: "category",
            data: given.map((b) => b[0]),
            axisTick: { show: false },
            axisLine: { lineStyle: { color: c("--line-strong") } },
            axisLabel: {
              ...font,
              interval: (i: number) => i === 0 || i === last || i === Math.round(last / 2),
              formatter: (text: string) => text.split(" – ")[0] ?? text,
              alignMinLabel: "left",
              alignMaxLabel: "right",
            },
          },
          yAxis: {
            type: "value",
            splitNumber: 2,
            minInterval: 1,
            axisLabel: { ...font, formatter: (v: number) => number(v, 0, lang) },
            splitLine: { lineStyle: { color: c("--line") } },
          },
          tooltip: {
            trigger: "axis",
            renderMode: "richText",
            confine: true,
            backgroundColor: c("--raised"),
            borderColor: c("--line"),
            textStyle: { ...font, color: c("--ink"), fontSize: 13 },
            axisPointer: { type: "shadow", shadowStyle: { color: c("--sunken"), opacity: 0.6 } },
            formatter: (found: unknown) => {
              const one = (found as { name: string; value: number }[])[0];
              return one
                ? `${one.name}${unit ? ` ${unit}` : ""}\n${number(one.value, 0, lang)} ${catalogueSay("count")}`
                : "";
            },
          },
          series: [
            { type: "bar", data: given.map((b) => b[1]), barCategoryGap: "12%", itemStyle: { color: c("--s-1") } },
          ],
        },
        { notMerge: true },
      );
    },
    remove() {
      sized.disconnect();
      chart.dispose();
    },
  };
}
