using Proxyless.Cli.Output;
using Proxyless.Pretrained;

namespace Proxyless.Cli.Commands;

/// <summary>What is printed about imported weights.</summary>
internal static class ImportSummary
{
    public static CommandOutcome Of(ImportResult result) =>
        new(
            result,
            console =>
            {
                console.WriteFacts(
                    ("model", result.Model),
                    ("network", result.Network),
                    ("state dict", result.StateDict.Length > 0 ? result.StateDict : null),
                    ("input", $"{result.Resolution}x{result.Resolution}"),
                    ("classes", $"{result.Classes:N0}"),
                    ("parameters", $"{result.Parameters:N0}")
                );
                console.WriteNext($"proxyless predict --model {Facts.Quoted(result.Model)} PHOTO");
            }
        );
}
