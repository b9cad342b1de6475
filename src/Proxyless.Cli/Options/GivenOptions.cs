using System.CommandLine;

namespace Proxyless.Cli.Options;

/// <summary>Which options of a command were given, on the command line or in its file.</summary>
internal static class GivenOptions
{
    /// <summary>Whether an option was given, and does not have its default only.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="option">An option of the command.</param>
    public static bool IsGiven(this ParseResult parse, Option option) => parse.GetResult(option) is { Implicit: false };
}
