using System.CommandLine;

namespace Proxyless.Agent;

/// <summary>Options that several commands take.</summary>
internal static class Options
{
    private const int DefaultPort = 7443;

    /// <summary>Where certificate and token are.</summary>
    public static Option<string> Folder() => new("--folder")
    {
        HelpName = "DIR",
        Description = "Where certificate and token are kept",
        DefaultValueFactory = _ => Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "proxyless-agent"),
    };

    /// <summary>The port to listen on.</summary>
    public static Option<int> Port() => InRange("--port", "Port to listen on", DefaultPort, 0, 65535);

    /// <summary>A whole number in a range.</summary>
    public static Option<int> InRange(string name, string description, int usual, int least, int most)
    {
        var option = new Option<int>(name) { HelpName = "N", Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is var value && (value < least || value > most))
            {
                result.AddError($"{name} is {value}; allowed are whole numbers from {least} to {most}");
            }
        });
        return option;
    }
}
