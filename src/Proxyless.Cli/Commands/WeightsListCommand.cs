using System.CommandLine;
using Proxyless.Cli.Output;
using Proxyless.Pretrained;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The networks by others whose weights can be imported.</summary>
internal sealed class WeightsListCommand : ReportingCommand
{
    public WeightsListCommand()
        : base("list", "The networks of others whose weights can be imported.", "proxyless weights list") { }

    public override CommandOutcome Execute(ParseResult parse, CommandSession session) =>
        new(
            new { Networks = PretrainedModel.All },
            console =>
            {
                Table table = FittedTable.Of(
                    ["name", "weights of", "license"],
                    ["side", "parameters", "multiply-adds", "published top-1"]
                );
                foreach (PretrainedModelInfo network in PretrainedModel.All)
                {
                    table.AddRow(
                        network.Name,
                        Markup.Escape(network.Origin),
                        Markup.Escape(network.License),
                        $"{network.Resolution}",
                        $"{network.Parameters / 1e6:F1} M",
                        $"{network.MultiplyAdds / 1e6:F0} M",
                        network.PublishedTop1 is { } top1 ? Facts.Percent(top1) : ""
                    );
                }

                console.WriteFitted(table);
                console.WriteNext("proxyless weights import FILE --as NAME --out model.onnx");
            }
        );
}
