using Proxyless.Cli.Output;
using Proxyless.Runs;
using Spectre.Console;

namespace Proxyless.Cli.Commands;

/// <summary>The summary of a training.</summary>
internal static class TrainingSummary
{
    /// <summary>Writes the result.</summary>
    public static void WriteTraining(this IAnsiConsole console, TrainResult result)
    {
        console.WriteFacts(
            ("top-1 on the validation images", Facts.Percent(result.ValidationTop1)),
            ("top-1, cross-validated on the training images", Facts.Percent(result.CrossValidatedTop1)),
            ("top-1 in the folds", Facts.Folds(result.Folds)),
            ("time", Durations.Text(result.Seconds)),
            ("model", result.Model)
        );
        if (result.Integers is { } integers)
        {
            console.WriteQuantized(integers);
        }
    }

    /// <summary>The next command.</summary>
    /// <param name="result">The training.</param>
    /// <param name="data">Its images.</param>
    public static string Next(TrainResult result, string data) =>
        $"proxyless evaluate --model {Facts.Quoted(result.Model)} --data {Facts.Quoted(data)}";
}
