using System.CommandLine;
using System.Globalization;

namespace Proxyless.Agent;

/// <summary>The common options of several commands.</summary>
internal static class Options
{
    private const int DefaultPort = 7443;

    /// <summary>The folder of certificate and token.</summary>
    public static Option<string> Folder() =>
        new("--folder")
        {
            HelpName = "DIR",
            Description = "The folder of certificate and token",
            DefaultValueFactory = _ =>
                Path.Combine(
                    Environment.GetFolderPath(
                        Environment.SpecialFolder.ApplicationData,
                        Environment.SpecialFolderOption.DoNotVerify
                    ),
                    "proxyless-agent"
                ),
        };

    /// <summary>The port to listen on.</summary>
    /// <param name="least">0 for any that is free, which clients cannot know before; otherwise 1.</param>
    public static Option<int> Port(int least) => InRange("--port", "Port to listen on", DefaultPort, least, 65535);

    /// <summary>A whole number in a range.</summary>
    public static Option<int> InRange(string name, string description, int usual, int least, int most)
    {
        return new Option<int>(name)
        {
            HelpName = "N",
            Description = description,
            DefaultValueFactory = _ => usual,
            CustomParser = result =>
            {
                string text = result.Tokens[^1].Value;
                if (
                    int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
                    && value >= least
                    && value <= most
                )
                {
                    return value;
                }

                result.AddError($"option '{name}' is '{text}'; allowed are whole numbers from {least} to {most}");
                return usual;
            },
        };
    }
}
