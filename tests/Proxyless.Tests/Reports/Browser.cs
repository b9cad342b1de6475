using Microsoft.Playwright;
using Xunit;

namespace Proxyless.Tests.Reports;

/// <summary>
/// The Chromium that is installed on this machine, without a window; tests that need one are skipped without it.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where Chromium is, or null.</summary>
    private static string? Program { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Program is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(120_000);
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Program,
                // Containers lack what the sandbox needs; the pages are our own.
                Args = ["--no-sandbox", "--disable-gpu"],
                Timeout = 120_000,
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>Opens an empty page.</summary>
    /// <param name="width">The window's width in pixels.</param>
    /// <param name="scheme">Light or dark.</param>
    public async Task<IPage> OpenAsync(int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipWhen(_browser is null, "Chromium is not installed (Debian: apt-get install chromium)");
        IBrowserContext context = await _browser!.NewContextAsync(
            new BrowserNewContextOptions
            {
                ColorScheme = scheme,
                ViewportSize = new ViewportSize { Width = width, Height = 900 },
            }
        );
        context.SetDefaultTimeout(120_000);
        return await context.NewPageAsync();
    }
}
